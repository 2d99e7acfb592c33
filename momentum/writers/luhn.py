"""Luhn's significance: a sentence matters where words that come up often in the meeting stand close together.

H. P. Luhn, The Automatic Creation of Literature Abstracts, IBM Journal 2(2), 1958.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from momentum.writers.spoken import FUNCTION_WORDS, Sentence, words

GAP = 4
"""Insignificant words that may stand between two significant ones of the same cluster."""
SHORTEST, LONGEST = 6, 45
"""Words of a sentence worth showing."""
SHORT = 25
"""Sentences below which hardly a word comes up twice."""
MINUTES_PER_MOMENT, MOST = 5.0, 12


def significant_words(found: Sequence[Sentence], *, english: bool) -> Counter[str]:
    """Words that come up at least twice (once in a short recording) and are no function words, with how often they do."""
    said = [words(s.text) for s in found]
    counts = Counter(w for sentence in said for w in sentence)
    spread = Counter(w for sentence in said for w in set(sentence))
    # Without a list of a language's function words, those in more than a tenth of the sentences are taken for them.
    limit = max(3.0, len(found) / 10)
    least = 1 if len(found) < SHORT else 2
    return Counter({w: n for w, n in counts.items() if n >= least and not _is_function_word(w, spread[w], limit, english=english)})


def _is_function_word(word: str, spread: int, limit: float, *, english: bool) -> bool:
    if word.isdigit() or len(word) < 2:
        return True
    if english:
        return len(word) < 3 or word in FUNCTION_WORDS
    return spread > limit or (len(word) < 4 and word.isascii())


def score(sentence: Sentence, significant: Counter[str]) -> float:
    """Significant words squared over the length of their densest cluster; 0 for sentences too short or too long to show."""
    said = words(sentence.text)
    if not SHORTEST <= len(said) <= LONGEST:
        return 0.0
    at = [i for i, w in enumerate(said) if w in significant]
    best, begin = 0.0, 0
    for i in range(len(at)):
        if i and at[i] - at[i - 1] > GAP + 1:
            begin = i
        count = i - begin + 1
        best = max(best, count * count / (at[i] - at[begin] + 1)) if count > 1 else best
    return best


def key_moments(found: Sequence[Sentence], significant: Counter[str], seconds: float) -> list[Sentence]:
    """The best sentence of each stretch of the timeline, in order, so that the whole meeting is seen."""
    count = int(min(MOST, len(found), max(3.0, seconds / 60 / MINUTES_PER_MOMENT)))
    moments: list[Sentence] = []
    for stretch in _stretches(found, count):
        best = max(stretch, key=lambda s: score(s, significant))
        if score(best, significant) > 0 and all(best.text != m.text for m in moments):
            moments.append(best)
    return moments


def _stretches(found: Sequence[Sentence], count: int) -> list[list[Sentence]]:
    """`count` stretches of equal time; of equal numbers of sentences where the transcript has no times."""
    begin, end = found[0].start if found else 0.0, max((s.start for s in found), default=0.0)
    stretches: dict[int, list[Sentence]] = {}
    for sentence in found:
        share = (sentence.start - begin) / (end - begin) if end > begin else sentence.index / len(found)
        stretches.setdefault(min(count - 1, int(share * count)), []).append(sentence)
    return [stretches[i] for i in sorted(stretches)]
