"""Whether a claim is certain where its quote is not, or the other way round (English)."""

from __future__ import annotations

import re

from momentum.pipeline.verify import language
from momentum.writers import numbers

_FEW = 2
"""Words of a sentence that adds nothing but a doubt to the one before: "Next sprint, I guess." """
_LONG = 25
"""Words of a sentence in which people say more than one thing."""
_NEAR = 8
"""Words within which a hedge belongs to what stands beside it, in a long sentence."""
_MOST = 0.5
"""Of the words that a long sentence shares with the claim, those that must stand near its hedge."""

# Where "if", "could" and "might" put nothing in doubt.
_ASIDE = language.phrases(
    r"""
    (?:ask|asked|asking|asks|see|check|checks|know|wonder|find out|tell me|tell us|let me know|let us know|as|even) if
    if i may|if i (?:remember|recall)|if you (?:like|want|can|don't mind)
    remind me if|(?:yes|sure|oh|me)[,.]* i'd (?:like|love) to|i'd (?:like|love) to[,.!]*$
    as (?:you|we|one) (?:might|may|could) \w+|might as well|as likely|as \w+ as (?:\w+ )?possibl[ey](?: can)?|i mean,? if
    could you|could not|couldn't|(?:not|isn't|aren't|wasn't|im)\W?possible
    """
)
_HEDGE = language.phrases(
    r"""
    maybe|perhaps|might|may|could|possibly|possible|probably|presumably|hopefully|potentially|ideally|likely|unsure|unclear
    i guess|i suppose|not (?:quite |really |so )?sure|in principle|in theory|tentative(?:ly)?|provisional(?:ly)?
    unless|if|in case|depends|depending|subject to|assuming|provided (?:that|we|you|they|it|the)
    thinking (?:of|about)|think about|considering|would consider|leaning|would be nice|hope to|hoping to
    i'd like to|i'd rather|would like to|should we|shall we|ought to
    fingers crossed|no promises|can't promise|should be (?:able|ready|done|finished)|should have it|pencil(?:led)?
    (?:have|has|need) to (?:ask|talk|speak|check)\b[^.?!]* first
    conceivabl[ey]|imaginable
    (?:a|some|any) (?:[\w-]+ )?(?:chance|risk)|chances are|at risk|risk of|wouldn't rule out|can't rule out|we'll see|let's see
    not yet|not (?:yet )?(?:decided|fixed|final|settled|signed)
    i suspect|i have a feeling|my guess|can't prove|can't say|couldn't say|(?:sounds|looks|feels|smells) (?:like|as if)|seems
    i'm not convinced
    no guarantee|don't (?:quite )?know|who knows|hard to say|i'd bet|i doubt
    touch wood|all being well|god willing|with (?:any |a bit of )?luck
    """
)
_SOFTENED = language.phrases(
    r"""
    maybe|perhaps|might|may|could|can|possib\w+|chance|risks?|probabl\w+|presumabl\w+|hope\w*|likely|unlikely|ideally|tentative\w*
    unless|if|whether|in case|for now|at first|for the time being|depend\w*|provided|assuming|subject|pending|once (?!a\b)
    consider\w*|thinks?|thinking|proposes?|proposed|proposal|suggests?|suggested|suggestion|idea|option|leaning
    would|should|would-be|wants?|wishes|likes?|plans?|planned|intends?|aims?|tries|expects?|expected
    suppos\w+|assum\w+|presum\w+
    suspect\w*|seems?|seemed|appears?|appeared|apparently|believes?|believed|guess\w*|fears?|doubts?|doubtful|sounds?|looks?|at best|at most
    open (?:if|whether)|unproven|provisional\w*|potential\w*|unclear|unsure|uncertain|in principle|in theory|not (?:yet )?\w+
    """
)
_DOUBTED = language.phrases("maybe|perhaps|might|possibly|tentatively")
_ASSENT = language.phrases(
    r"""
    yes|yeah|yep|yup|okay|ok|agreed|sure|fine|good|great|deal|done|perfect|right|exactly|absolutely|definitely|all right|alright
    will do|do it|do that|let's|sounds good|works for me|i can|i will|i'll|happy to|gladly|of course
    """,
    before=r"^\W*(?:(?:oh|well|um|uh|ah|hm|hmm|so|and|then)\W+)*",
)
_TAG = re.compile(r",\s*(?:\w+\W+){1,4}$")
"""A question that only asks for a nod: "..., did you hear?" """


def is_too_certain(text: str, quoted: str, answers: str, *, decides: bool) -> bool:
    """Whether the quote is in doubt and the claim is not. `answers` is what others say to it; a decision may rest on their yes.

    What counts are the sentences that speak most of the same, and short ones behind them that add nothing but a doubt. One of them
    without a doubt is enough.
    """
    if _is_softened(text, quoted):
        return False
    sentences = language.sentences(quoted)
    shares = [_shared(text, s) for s in sentences]
    most = max(shares, default=0)
    nearest = [at for at, count in enumerate(shares) if count == most]
    doubtful = all(_is_doubted(text, sentences[at]) or any(map(_only_doubts, sentences[at + 1 : at + 2])) for at in nearest)
    return bool(nearest) and doubtful and not (decides and agrees(answers))


def _is_softened(text: str, quoted: str) -> bool:
    """Whether the claim has a hedge, or a softer word than the quote: a "wants" in both says nothing of the "possibly" beside it."""
    said = quoted.casefold().split()
    return any(m[0].casefold() not in _WANTS or m[0].casefold() not in said for m in _SOFTENED.finditer(_without_asides(text)))


_WANTS = frozenset({"want", "wants", "like", "likes", "plan", "plans", "planned", "expect", "expects", "aims", "tries"})


def _is_doubted(text: str, sentence: str) -> bool:
    """Whether a hedge stands near the words that the sentence shares with the claim: most of them, in a long sentence."""
    sentence = _without_asides(sentence)
    shared = language.stems(text) & language.stems(sentence)
    near = _NEAR if len(sentence.split()) <= _LONG else _NEAR // 2
    for match in _HEDGE.finditer(sentence):
        before, after = sentence[: match.start()].split()[-near:], sentence[match.end() :].split()[:near]
        beside = shared & language.stems(" ".join([*before, *after]))
        if len(sentence.split()) <= 2 * _NEAR or len(beside) >= _MOST * len(shared):
            return True
    return False


def _only_doubts(sentence: str) -> bool:
    says = re.search(r"\b(?:we|they|he|she|it|you|there|i(?! (?:guess|suppose|think|hope)))\b", sentence, re.IGNORECASE)
    return is_hedged(sentence) and len(language.stems(sentence)) <= _FEW and not says


def _shared(text: str, sentence: str) -> int:
    """Words and numbers that both have."""
    return len(language.stems(text) & language.stems(sentence)) + len(numbers.numbers(text) & numbers.readings(sentence))


def is_too_doubtful(text: str, said: str) -> bool:
    """Whether the claim is in doubt and nothing that was said there is."""
    said = _without_asides(said)
    return bool(_DOUBTED.search(_without_asides(text))) and not (_HEDGE.search(said) or _SOFTENED.search(said))


def is_only_asked(quoted: str, answers: str) -> bool:
    """Whether the quote asks and nobody says yes."""
    sentences = language.sentences(quoted)
    asks = all(s.rstrip().endswith("?") and not _TAG.search(s) for s in sentences)
    return bool(sentences) and asks and not agrees(answers)


def agrees(answers: str) -> bool:
    """Whether a sentence says yes, and is sure of it."""
    return any(_ASSENT.search(s) and not _HEDGE.search(s) for s in language.sentences(answers))


def is_a_wish(quoted: str, answers: str) -> bool:
    """Whether the quote only wishes or proposes, and nobody says yes."""
    return all(_WISH.search(s) for s in language.sentences(quoted)) and not agrees(answers)


_WISH = language.phrases("i want to|i propose|i suggest|i'd suggest|my suggestion|i would suggest")


def is_open(text: str) -> bool:
    """Whether a claim itself says that it may come otherwise."""
    return bool(_OPEN.search(_without_asides(text)))


_OPEN = language.phrases("maybe|perhaps|might|could|possibly|tentatively")


def is_hedged(text: str) -> bool:
    """Whether somebody says it without being sure."""
    return bool(_HEDGE.search(_without_asides(text)))


def _without_asides(text: str) -> str:
    """The month is no doubt ("May 2nd", "in May"), a polite question neither ("could you")."""
    text = re.sub(r"\bMay\b(?! (?:I|we|they|he|she|it|you)\b)|\bmay (?=\d|the \d)", " ", text)
    return _ASIDE.sub(" ", text.replace("’", "'"))  # noqa: RUF001 - the typographic apostrophe
