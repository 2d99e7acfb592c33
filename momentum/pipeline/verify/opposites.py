"""Words that turn a statement round: "approve" and "reject", "keep" and "drop", "before" and "after".

A line holds two sides. A star stands for any ending; ".." for up to four words between a verb and its particle; "#" for a number.
"=" in front marks things and qualities that a "not" beside them does not turn round: "we do not touch the children's programme".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINES = """
    approv* accept* agree agrees agreed agreeing adopt* endors* sign..off in_favour in_favor | reject* refus* declin* deny denied denies veto* turn*..down vote*..down rul*..out oppos* disagree* disapprov*
    keep keeps kept keeping stay* remain* retain* continu* maintain* stick*..with preserv* includ* carr*..on still_on leave*..as leave*..in leave*..on leave*..open leave*..alone left..as left..open unchanged same | drop drops dropped dropping remov* scrap* abandon* cancel* discontinu* stop stops stopped stopping ceas* delet* abolish* eliminat* get*..rid take*..out taken..out out..entirely axe axed terminat* exclud* omit* leave*..out left..out thrown..away throw*..away discard* is_out are_out comes_out come_out off_the off_our is_off are_off replac* swap* chang* close closes closed give*..up phase*..out throw*..out thrown..out send*..back sent..back give*..away no_more sell sells sold
    keep keeps kept keeping | cut cuts cutting
    sign signs signed signing renew* | terminat* cancel* refus* not_sign
    increas* rais* rise rises rising rose grow* grew higher expand* extend* lengthen* longer gain* climb* go*..up went..up up_by up_to_# up_# up_from is_up are_up was_up were_up | decreas* reduc* lower lowers lowered lowering fall falls fell falling declin* drop* less fewer cut cuts cutting shrink* shorten* shorter smaller go*..down went..down down_by down_to_# down_# down_from is_down are_down was_down were_down
    = large big bigger | small smaller
    block* | releas*
    = at_least minimum more_than no_less_than not_less_than | at_most maximum no_more_than not_more_than
    = above | below under
    = over_# above_# older_than | under_# below_# younger_than
    more_than | less_than
    doubl* | halv*
    use uses used using | throw*..away thrown..away discard* bin binned
    make_money makes_money earn* | lose_money loses_money lost_money
    is_there are_there available | missing absent isn't_there
    = dearer more_expensive went..up | cheaper less_expensive went..down
    = more dearer bigger larger greater faster higher more_expensive | less fewer cheaper smaller slower lower
    before prior_to | after
    open opens opened opening reopen* | close closes closed closing shut shuts shutting
    buy buys buying bought purchas* acquir* | sell sells selling sold
    rent rents rented lease leased leases | buy buys bought purchas*
    start starts started starting begin begins began beginning launch* resum* | stop stops stopped stopping ends ended ending finish* halt* suspend* paus*
    allow* permit* authori* | forbid* forbade ban bans banned banning prohibit* disallow* block*
    hire hires hired hiring recruit* employ* | fired dismiss* lay*..off laid..off sack*
    win wins won winning | lose loses lost losing
    voted_for votes_for for_it in_favour in_favor | against
    early earlier sooner bring*..forward brought_forward mov*..forward advance advances | late later postpon* delay* put*..off push*..back defer* hold_off mov*..back
    = internal* in_house ourselves | external* outsourc*
    = public publicly | private privately confidential secret
    mandatory required compulsory obligatory | optional voluntary
    permanent* | temporar* trial provisional*
    in_person on_site onsite in_the_office | remote remotely online virtual from_home
    enabl* turn*..on switch*..on activat* | disabl* turn*..off switch*..off deactivat* shut*..off
    succeed* success* pass passed passes | fail fails failed failing failure
    = all everybody everyone every | none nobody
    merge merges merged merging combin* unif* | split splits splitting separat* divid*
    publish* print* releas* | hold holds held holding withhold* withheld embargo*
    admit* | discharg* send*..home sent..home
    filed filing submit* lodg* | withdraw* withdrew
    = old current former existing previous | new
    = outside outdoor* outdoors | inside indoor* indoors
    = north northern | south southern
    = east eastern | west western
    = left left-hand | right-hand
    ahead | behind
    good better best improv* well | bad badly worse worst worsen* deteriorat* poor*
    broken breaks broke fail* out_of_order | fixed fixes repair* works working running runs
    automatic* | manual* by_hand
    fixed flat | variable floating
    stay stays staying remain* | leaves leaving moves_out
    confirm* | den* retract*
    = profit profits surplus | loss losses deficit
    lend lends lent lending | borrow*
    = adults adult | children child kids
    = morning mornings | afternoon evening evenings night
    = summer | winter
    = spring | autumn
    = day daytime | night nighttime
    present attend* | absent missing
    paid pay pays paying refund* reimburs* | unpaid withhold* withheld
    insist* demand* | waiv* give*..up
    put*..back put*..in restor* reinstat* add adds added adding insert* | take*..out taken..out remov* delet* drop drops dropped
    possible | impossible
    able | unable
    likely | unlikely
    available | unavailable
    = safe harmless | unsafe dangerous harmful
    accept* | contest* dispute* disputing object*
    = on_by_default switched_on turned_on stays_on | off_by_default switched_off turned_off stays_off
    leave*..at stay*..at | changed
    admit* | deny denies denied
    publicly openly | secretly quietly
    = everybody everyone | nobody no_one
    clear | unclear
    legal lawful | illegal unlawful
    complete finished done ready | incomplete unfinished
    necessary needed | unnecessary unneeded
    acceptable | unacceptable
    enough sufficient | insufficient too_little too_few
    correct true | incorrect wrong false
    valid | invalid expired
    satisfied happy glad pleased | dissatisfied unhappy displeased disappointed
    = central* | decentral*
    import imports imported | export exports exported
    = hot hotter warm warmer | cold colder cool cooler
    upgrad* | downgrad*
    = short shorter shorten* | long longer lengthen* extend*
    = majority most | minority few
    = encrypt* | unencrypted decrypt*
    = exclusive* | non-exclusive
    = taxable | tax-free
    = full fully whole entire entirely | part partial partly half
    save saves saved saving | waste wastes wasted wasting cost costs
    slow slower slows slowed | fast faster speed speeds sped
    promot* | demot*
    join joins joined | quit quits leave leaves left
    agreed_to agree_to agrees_to willing | refus* unwilling
    = wide wider broad broader | narrow narrower
    = rich richer wealthy | poor poorer
    = heavy heavier | light lighter
    = thick thicker | thin thinner
    = deep deeper | shallow shallower
    = strong stronger | weak weaker
    = easy easier | hard harder difficult
    = young younger | old older
    = near nearer close_to nearby | far further distant
    = wet | dry
    = clean | dirty
    = empty | full
    = strict stricter tight tighter | loose looser lax
    = upper top | lower bottom
    = domestic national | foreign international abroad
    = paid | free unpaid volunteer*
    = regular* usual* often always | irregular* rare* seldom never
    = together joint* | separate* apart alone
    move* | stay*
    runs ran running works worked | stood_still stands_still idle stopped broken
    arriv* | depart*
    hide hides hidden | show shows shown
    push pushes | pull pulls
    attach* connect* | detach* disconnect*
    lock locks locked | unlock*
    load loads loaded | unload*
    build builds built construct* | demolish* tear*..down tore..down knock*..down
    remember* | forget* forgot*
    encourag* recommend* advis* | discourag* advis*..against warn*..against
    switch switches switched | stay*..with stick*..with keep keeps kept
    prefer* | dislike*
    trust* | distrust* mistrust*
    include includes included | exclude* leave*..out left..out
    own owns owned | rent rents rented lease leases leased
    underestimat* | overestimat*
    appear* | disappear*
    lengthen* prolong* extend* | shorten* ends
    lift lifts lifted | impos*
    blame* accus* | prais*
    ignor* | consider* notice*
"""  # noqa: E501 -- a line for each pair


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sides, each a pattern over lower-case text; `turns` is False where a "not" beside them means something else."""

    one: re.Pattern[str]
    other: re.Pattern[str]
    turns: bool


_NUMBER = r"(?:[€$£]?\d[\d,.]*|a hundred|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)\b)"


def _pattern(entry: str) -> str:
    entry = re.escape(entry).replace(r"\*", r"\w*").replace(r"\.\.", r"(?:\s+(?!but\b|and\b|not\b)[\w'-]+){0,4}?\s+").replace("_", r"\W+")
    return entry.replace(r"\#", _NUMBER).replace("#", _NUMBER)


def side(entries: str) -> re.Pattern[str]:
    """A pattern over lower-case text of words and phrases divided by spaces."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(_pattern(e) for e in entries.split())})(?![\w-])")


def _pair(line: str) -> Pair:
    one, other = line.strip().removeprefix("=").split("|")
    return Pair(side(one), side(other), turns=not line.strip().startswith("="))


PAIRS = tuple(_pair(line) for line in _LINES.strip().splitlines())
