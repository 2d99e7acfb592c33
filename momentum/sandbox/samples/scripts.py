"""What is said in the sample meetings: written for Momentum, spoken by synthetic voices, no real person in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speaker:
    """A character: the name Zoom shows, the flite voice that speaks it, and whether they belong to the host's account."""

    name: str
    voice: str
    email: str = ""
    pace: float = 1.0
    """flite's duration_stretch: above 1 is slower."""


@dataclass(frozen=True, slots=True)
class Script:
    """A meeting to voice. `turns` are (speaker's key, sentences); a sentence that starts with "~" gets a cue without a name."""

    key: str
    topic: str
    speakers: dict[str, Speaker]
    turns: tuple[tuple[str, tuple[str, ...]], ...]
    chat: tuple[tuple[float, str, str], ...] = ()
    """(second, speaker's key, message)."""
    newline: str = "\n"
    """Of the VTT: Zoom has written both."""


_MAYA = Speaker("Maya Chen", "slt", "maya.chen@momentum.example")
_TOM = Speaker("Tom Reed", "rms", "tom.reed@momentum.example")
_PAUL = Speaker("Dr. Paul Grant", "awb", "paul.grant@momentum.example")

PLANNING = Script(
    key="planning",
    topic="Spring release planning",
    speakers={"maya": _MAYA, "tom": _TOM, "paul": _PAUL},
    turns=(
        ("maya", ("Good morning everyone.", "Today we plan the spring release of the mobile app.")),
        ("tom", ("The test build is ready.", "We have twelve open bugs, and three of them are serious.")),
        ("maya", ("Thank you, Tom.", "Let us decide the date.", "We will release the app on the twelfth of March.")),
        ("tom", ("~Agreed.", "I will fix the three serious bugs by Wednesday.")),
        ("paul", ("I will finish the release notes by Thursday.",)),
        ("maya", ("What about the budget?", "The marketing team asked for twenty thousand dollars.")),
        ("paul", ("That is too much.", "I suggest fifteen thousand dollars.")),
        ("maya", ("Okay.", "We decided to spend fifteen thousand dollars on marketing.")),
        ("tom", ("Wait, I have a problem with the date.", "The twelfth of March is a holiday for our partner.")),
        ("maya", ("Then I take that back.", "We will not release on the twelfth.", "The new release date is the nineteenth of March.")),
        ("paul", ("Good.", "But who will inform our customers?")),
        ("maya", ("I will send an email to all customers on Monday.",)),
        ("tom", ("Do we still need a second test server?",)),
        ("maya", ("That is an open question.", "We will talk about it next week.", "Thank you all, and goodbye.")),
    ),
    chat=(
        (9.0, "tom", "Bug list: https://bugs.momentum.example/release"),
        (41.5, "paul", "20,000 was the number in their mail"),
        (70.0, "maya", "New date: March 19"),
    ),
)

CUSTOMER = Script(
    key="customer",
    topic="Customer call with Northwind",
    speakers={
        "anna": Speaker("Anna Price", "slt", "anna.price@momentum.example"),
        "james": Speaker("James Bell (Northwind)", "awb"),
        "tom": _TOM,
    },
    turns=(
        ("anna", ("Hello James, and thank you for your time today.", "How is the new system working for your team?")),
        ("james", ("Hello Anna.", "Most people like it, but the monthly report is too slow.", "It takes about four minutes to open.")),
        ("tom", ("I am sorry about that.", "How many people open the report every day?")),
        ("james", ("About thirty people, and most of them open it in the morning.",)),
        ("tom", ("That helps.", "I will test the report with your numbers and send you the result by Tuesday.")),
        ("anna", ("Let us also talk about your contract.", "It ends on the thirtieth of June.")),
        ("james", ("We want to continue.", "But we need a better price.", "We now have two hundred and fifty users.")),
        ("anna", ("I can offer you a discount of ten percent for two years.",)),
        ("james", ("That sounds fair.", "Please send me the offer in writing before the end of this month.")),
        ("anna", ("I will send the offer on Friday.", "Is there anything else?")),
        ("james", ("Yes.", "We would like to have a training session for our new employees in May.")),
        ("anna", ("Of course.", "Tom will prepare the training.")),
        ("tom", ("~Yes, I will do that.", "Please tell me how many people will come.")),
        ("james", ("It will be around fifteen people.", "Thank you both.")),
        ("anna", ("Thank you, James.", "Have a nice day.")),
    ),
    chat=(
        (30.0, "james", "Report name: monthly usage by region"),
        (66.0, "anna", "Offer: 10 % for two years, 250 users"),
    ),
    newline="\r\n",
)

STANDUP = Script(
    key="standup",
    topic="Platform stand-up",
    speakers={"lena": Speaker("Lena Ortiz", "slt", "lena.ortiz@momentum.example"), "tom": _TOM, "ben": Speaker("Ben Patel", "awb")},
    turns=(
        ("lena", ("Good morning.", "Let us start with the stand up.", "What did you do yesterday, Tom?")),
        ("tom", ("Yesterday I finished the payment page.", "Today I will start on the search function.", "Nothing is blocking me.")),
        ("lena", ("Great.", "Ben, what about you?")),
        ("ben", ("I am still working on the backup.", "It ran for six hours last night, and that is too long.")),
        ("lena", ("Do you need help?",)),
        ("ben", ("Yes, I need a faster disk.", "I will order one this afternoon.", "It costs about four hundred dollars.")),
        ("lena", ("That is fine with me.", "Please order it.")),
        ("tom", ("I can help Ben to test the backup tomorrow morning.",)),
        ("lena", ("Good idea.", "I will update the project plan today.", "We decided to move the demo to Thursday at ten.")),
        ("ben", ("~Okay.", "Thursday works for me.")),
        ("lena", ("Then we are done.", "See you tomorrow.")),
    ),
    chat=((20.0, "ben", "Backup log is in the shared folder"),),
)

SHORT = Script(
    key="short",
    topic="Short recording",
    speakers={"maya": _MAYA},
    turns=(("maya", ("This is a short recording.", "I will send the report on Monday.")),),
)

SCRIPTS = (PLANNING, CUSTOMER, STANDUP, SHORT)
