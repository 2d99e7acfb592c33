"""Words of a claim that say what becomes of something, and the words by which people carry them: "declined" by "turn it down" (English).

A line of `_LINES` holds the words of a claim, then those that carry it beside its own and beside any "not"; the signs are those of
`opposites`. A "!" in front says that a "not" carries nothing there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from momentum.pipeline.verify import language, opposites

_LINES = """
    declin* reject* refus* turn*..down turned..away sent..away disapprov* deny denies denied | pass passed passes out off sorry leave leaves left back against too drop* pass forget unfortunately instead stop* cancel* withdr*
    drop drops dropped abandon* cancel* scrap* discontinu* given_up giv*..up abolish* remov* delet* thrown_out thrown_away | out off gone goes go went away stop* end ends ended over close* cut forget without enough instead cancel* less throw* get_rid kill* lose* sell* sold back strik* clear last only leave* skip* replac* pull* tak*..down tak*..out tak*..off scratch quit* finish*
    stop* cease* end ends ended ending halt* suspend* paus* | off out until till over last enough quit* finish* hold* wait* close* cancel* drop* freez* break* broke gone goes away dead fail* cut* instead done
    forbid* forbidden banned prohibit* disallow* | out off nobody ban bans only must stop* away keep
    clos* shut | shut* end* stop* lock* down until till off from_#..to_# holiday*
    fail fails failed failing failure* | broke* break* miss* bad* lost lose* wrong stuck fell down crash* dead out short* under reject*
    reduc* decreas* lower lowers lowered fall*..by fall*..to fell..by fell..to shrink* shrank shrunk cut cuts drop_to dropped_to dropped_by halv* shorten* slowed_down | less fewer down lower* fell fall* drop* cut* reduc* shrink* shrank lost lose* shorter smaller from_#..to_# to_# only half off minus below under* instead back cheap* short* slow* was were halv* weak* gone went_from from
    fewer less shorter | down less fewer under* below fell fall* drop* cut* only lost lose* short* before still was from too shorter quick* fast* half than minus miss* small* little instead cheap* saves saved saving without low*
    !increas* rais* rise rises rose risen grow* grew extend* lengthen* expand* | up more higher rais* rise* rose grow* grew gain* plus added add adds extra another from instead longer long bigger big than double* put* to_# goes went go jump* climb* new additional wider prolong* until till over increase* extra was dearer expensive
    !longer | more down than extra another add* until till up took take* takes late* extend* slow* was before still from only instead long*
    free_of spared undamaged unharmed intact | clean free clear fine okay good left spare* safe well whole empty
    without | out off free with away skip* spare* lack* miss* only alone instead gone forget leave* left drop* omit* except just un* less straight
    late later postpon* delay* put_off deferred moved_back pushed_back | after until till wait* next then instead push* mov* shift* back put* hold* delay* slip* tomorrow late* behind instead only once first later afterwards was new
    !earlier brought_forward advanced sooner | before early forward sooner already first instead rather mov* pull* ahead at_# was since last then
    !in_spite_of despite regardless | still but anyway even though despite although spite however nevertheless yet only regardless matter whatever if or whether mind same all_the_same half just except while could
    ignor* disregard* overlook* | skip* leave* left forget* past over miss* overrul*
    unchanged remain* stay stays stayed staying | same stay* keep* kept still leave* left remain* hold* stick* as_is as_it as_they as_now as_before as_always as_usual until till nothing for_now fine again alone continue* then are is
    keep keeps kept keeping maintain* retain* | so_#..it_is stay* still leave* left hold* same stick* remain* again always go*..on continu* back need* only safe cool with
    !chang* revis* redo redone alter* amend* moved | instead new mov* chang* now from then put swap* shift* replac* over become* turn* becom* again adapt* adjust* edit* rewrit* repair* correct* fix* switch* go goes make* add* redraw* put take*..out push* bring* brought better different postpon* advance* early earlier late later correct*
    !replaced replace exchanged exchange makes_way mak*_way swap* substitut* | new instead swap* chang* exchang* switch* another other take take_the replac* buy* bought over renew* for put substitute* with stand* stands_in
    loses losing | lose* lost loss down gone miss* off fewer less minus short* cut out bankrupt left leave* went broke damag* cost*
    all every everybody everyone | all every* each both whole entire* whenever any* always full total everywhere complete* us we them throughout none they their per # no round together nobody you
    nobody none | none nothing
    everybody_but everyone_but every_*_but all_but except apart_from | except but unless apart exception* only without other* rest however still until till just besides than out
    enough sufficient | enough plenty sufficient* do fine suffice* lots okay more need* cover* good full right reach* last* stop cost* meet* all allow*
    !too_few too_little insufficient short_of | short* few little lack* need* missing miss* enough only more under* never
    dangerous unsafe harmful | danger* risk* harm* hurt* safe die* dead kill* injur* burn* fire bad worr* lethal toxic poison* fall* threat* slip* careful
    harmless safe | harmless safe* fine okay good well clean worry
    worse worsen* deteriorat* | worse bad* down lost lose* fell drop* less weak* poor* slower more behind
    better improv* | better good up best fewer less well improve* more higher faster fine won win great nice strong* clean* easier down fix*
    doubl* | twice double* two_times instead both two second from
    dispute* contest* object* oppos* | contest* object* oppos* against disput* wrong but complain* fight* vote* appeal* challeng* despite anyway protest* don't under refuse* sue* no_way mind problem*
    exceed* above over_the | over above more higher than exceed* too up past beyond break* broke
    wrong mistaken | wrong off mistake* error* false bad* fault* instead typo* mix* sorry confus* incorrect* swap* broken right miss* should* actually upside
    hides conceal* quiet secret | quiet secret* hid* silent between_us private* confidential* yet confiden* whisper* inside
    in_full fully entirely completely | full* all whole everything entire* complete* every* hundred total* done both
    switched_on turned_on on_by_default | on up start* run* light*
    switched_off turned_off off_by_default | off out down dark unplug* shut* kill*
    postponed | postpon* later wait* next then instead push* mov* till until after hold*
"""  # noqa: E501 -- a line for each kind of word


@dataclass(frozen=True, slots=True)
class _Kind:
    claimed: re.Pattern[str]
    carries: re.Pattern[str]
    by_a_not: bool


def _kind(line: str) -> _Kind:
    claimed, carries = line.strip().removeprefix("!").split("|")
    return _Kind(opposites.side(claimed), opposites.side(f"{claimed} {carries}"), by_a_not=not line.strip().startswith("!"))


_KINDS = tuple(_kind(line) for line in _LINES.strip().splitlines())
_NOT = language.phrases(r"no|nope|not|never|none|nobody|nothing|neither|nor|without|cannot|\w+n't|hardly|barely|too|instead|unless")


_AFTER_A_NOT = re.compile(r"\b(?:no|not|nor|never|without|nobody|\w+n't)\b(?:\W+\w+){1,4}")


def uncarried(text: str, said: str) -> str | None:
    """The first word of `text` that says what becomes of something, and that nothing `said` carries; None where there is none."""
    text, said = _KEPT_IN.sub(" ", _plain(text)), _plain(said)
    for kind in _KINDS:
        match = kind.claimed.search(_AFTER_A_NOT.sub(" ", text))
        if match and not kind.carries.search(said) and not (kind.by_a_not and _NOT.search(said)):
            return match[0]
    return None


_KEPT_IN = re.compile(r"\b(?:is|are|be|was|were|being) (?:kept|left) (?:in|on|at|under|behind|near|beside)\b")
"""Where something lies, and not what becomes of it."""


def _plain(text: str) -> str:
    return text.replace("’", "'").casefold()  # noqa: RUF001 - the typographic apostrophe
