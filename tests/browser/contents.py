"""What stands on the pages that are looked at: a meeting as people have them, one of an hour, and one whose every word is markup."""

from datetime import date

from momentum.model import Claim, ClaimState, Coverage, Deliverable, Segment, Transcript

MARKUP = "<script>alert('x')</script><img src=x onerror=alert(1)> **b** [l](javascript:alert(2)) \"'&amp; {{ 7127*9137 }}"
"""A title, name or sentence that would do something if it were ever more than text."""

_TALK = (
    ("Maya Chen", "Good morning everybody. We have half an hour, so let us start with the release of the spring version."),
    ("Tom Reed", "The beta has been with twelve customers for two weeks now, and nine of them use it every day."),
    ("Maya Chen", "Then we ship the spring version on Friday the fourth of December, not a week later."),
    ("Tom Reed", "I will write the release notes by Thursday, and send them to everybody who is in this meeting."),
    ("Eva Lang", "The import of old calendars still fails for about three percent of the accounts. I can look at that."),
    ("Maya Chen", "Is that a reason to wait? I would rather say so in the notes than keep everybody waiting."),
    ("Eva Lang", "No. It fails with a clear message, and nothing is lost. I should have it mended on Tuesday, perhaps Wednesday."),
    ("Tom Reed", "What about the price? Sales asked again whether the small plan stays at nine euros."),
    ("Maya Chen", "The small plan stays at nine euros until summer. We decide about the rest with the numbers of the quarter."),
    ("Eva Lang", "Somebody should tell support before Friday, they will get the questions."),
    ("Tom Reed", "Right. I think Paul wanted to do that, but I am not certain."),
    ("Maya Chen", "Good. Then let us look at the numbers of the beta, and after that at the hiring."),
)
SECONDS = 14.0

PARTS = ("The release", "Open faults", "The price", "Numbers and hiring")


def talk(turns: int = len(_TALK)) -> Transcript:
    """So many turns of three people, a sentence of `SECONDS` each."""
    spoken = (_TALK[n % len(_TALK)] for n in range(turns))
    segments = tuple(
        Segment(n, n * SECONDS, (n + 1) * SECONDS - 1, text, speaker=name, marks=("low_confidence",) if n == 10 else ())
        for n, (name, text) in enumerate(spoken)
    )
    return Transcript(segments, "en", turns * SECONDS, "own", "local:base", participants=("Maya Chen", "Tom Reed", "Eva Lang"))


def minutes(turns: int = len(_TALK)) -> Deliverable:
    """Minutes of `talk(turns)`: claims in every state there is, topics for the chapters, all of it read."""
    claims = (
        _claim("topic", PARTS[0], 0, "the release of the spring version"),
        _claim("decision", "Spring ships on Friday, 4 December", 2, "we ship the spring version on Friday the fourth of December"),
        _claim("decision", "The small plan stays at 9 euros until summer", 8, "The small plan stays at nine euros until summer"),
        _claim(
            "action",
            "Write the release notes and send them to everybody in the meeting",
            3,
            "I will write the release notes by Thursday",
            owner="Tom Reed",
            due_words="by Thursday",
            due_date=date(2026, 11, 26),
        ),
        _claim(
            "action",
            "Mend the import of old calendars",
            6,
            "I should have it mended on Tuesday, perhaps Wednesday",
            owner="Eva Lang",
            due_words="on Tuesday, perhaps Wednesday",
            state=ClaimState.NEEDS_CONFIRMATION,
            reason="The recording says it less certainly than this does.",
        ),
        _claim(
            "action",
            "Tell support before Friday",
            9,
            "Somebody should tell support before Friday",
            state=ClaimState.NEEDS_CONFIRMATION,
            reason="Nobody says who.",
        ),
        _claim("topic", PARTS[1], 4, "The import of old calendars still fails"),
        _claim("topic", PARTS[2], 7, "What about the price?"),
        _claim("topic", PARTS[3], 11, "let us look at the numbers of the beta"),
        _claim("statement", "Nine of twelve customers use it every day", 1, "nine of them use it every day", state=ClaimState.REPAIRED),
        _claim("question", "Does the small plan stay at 9 euros?", 7, "whether the small plan stays at nine euros"),
        Claim("decision", "Hiring stops until summer", "", (), state=ClaimState.DROPPED, reason="Nobody said it."),
    )
    cited = tuple(sorted({i for c in claims for i in c.segment_ids}))
    return Deliverable(
        "minutes",
        "1",
        "Release of the spring version",
        "en",
        "The team decided to ship the spring version on Friday, 4 December. A fault in the import of old calendars is no reason to wait.",
        claims,
        model="gpt-6-luna",
        coverage=Coverage(sent=tuple(range(turns)), cited=cited),
        extra={"keywords": ["release", "beta", "calendar", "price"], "speakers": {str(n): _TALK[n % len(_TALK)][0] for n in range(turns)}},
    )


def _claim(kind: str, text: str, segment: int, quote: str, *, state: ClaimState = ClaimState.VERIFIED, **more: object) -> Claim:
    return Claim(kind, text, quote, (segment,), state=state, start=segment * SECONDS, **more)


def hostile() -> tuple[Transcript, Deliverable]:
    """A meeting in which names, sentences, claims, owners and reasons are markup."""
    segments = tuple(Segment(n, n * 4.0, n * 4.0 + 3, f"{MARKUP} and so on, number {n}.", speaker=MARKUP) for n in range(3))
    claims = tuple(
        Claim(kind, MARKUP, MARKUP, (n,), MARKUP, MARKUP, state=ClaimState.NEEDS_CONFIRMATION, reason=MARKUP, start=n * 4.0)
        for n, kind in enumerate(("decision", "action", "topic"))
    )
    document = Deliverable(
        "minutes",
        "1",
        MARKUP,
        "en",
        MARKUP,
        claims,
        model=MARKUP,
        coverage=Coverage(sent=(0, 1, 2), cited=(0,), unread=((1, 2, MARKUP),), missing=(1, 2)),
        extra={"keywords": [MARKUP], "speakers": {"0": MARKUP}, "label": MARKUP},
    )
    return Transcript(segments, "en", 12.0, "own", MARKUP, participants=(MARKUP,)), document
