"""What differs between two versions of a document."""

import difflib
from dataclasses import replace

from momentum.model import Claim, ClaimState, Deliverable
from momentum.writers.compare import compare

SHIP = Claim("decision", "Ship on Friday.", "We ship on Friday.", (3,), section="decisions", state=ClaimState.VERIFIED)
SEND = Claim("action", "Send the draft.", "I'll send the draft", (5,), owner="Dana Lee", section="actions")
ASK = Claim("question", "Who pays?", "who pays for it", (9,), section="questions")


def document(*claims, summary=""):
    return Deliverable("minutes", "2", "Planning", "en", summary, claims)


def test_nothing_differs_from_itself():
    found = compare(document(SHIP, SEND, summary="One. Two."), document(SHIP, SEND, summary="One. Two."))
    assert (found.added, found.removed, found.changed, found.unchanged, found.summary) == ((), (), (), 2, "")


def test_what_came_went_and_changed():
    later = replace(SEND, owner=None, state=ClaimState.DROPPED)
    found = compare(document(SHIP, SEND), document(later, ASK))
    assert (found.added, found.removed, found.unchanged) == ((ASK,), (SHIP,), 0)
    ((change),) = found.changed
    assert (change.before, change.after, change.fields) == (SEND, later, ("owner", "state"))


def test_other_words_for_the_same_quote_are_the_same_claim_and_another_kind_is_not():
    reworded = replace(SHIP, text="The release goes out at the end of the week.")
    assert compare(document(SHIP), document(reworded)).changed[0].fields == ("text",)
    found = compare(document(SHIP), document(replace(SHIP, kind="action")))
    assert (len(found.added), len(found.removed), found.changed) == (1, 1, ())


def test_the_most_alike_find_each_other():
    one, two = replace(SHIP, text="Ship version one on Friday."), replace(SHIP, text="Ship version two on Friday.")
    found = compare(document(one, two), document(replace(two, owner="Dana"), one))
    assert found.unchanged == 1
    assert (found.changed[0].before, found.changed[0].fields) == (two, ("owner",))


def test_twins_are_counted_once_each():
    found = compare(document(SHIP, SHIP), document(SHIP))
    assert (found.unchanged, found.removed) == (1, (SHIP,))


def test_the_summary_is_compared_sentence_by_sentence():
    found = compare(document(summary="We met. We ship."), document(summary="We met.\n\nWe wait."), names=("version 1", "version 2"))
    assert found.summary.splitlines() == ["--- version 1", "+++ version 2", "@@ -1,2 +1,2 @@", " We met.", "-We ship.", "+We wait."]


def test_letters_are_compared_only_where_words_or_places_meet(monkeypatch):
    compared = []
    matcher = difflib.SequenceMatcher

    def counting(*args, **kwargs):
        compared.append(args)
        return matcher(*args, **kwargs)

    before = [replace(SHIP, text=f"Number {n * 7919} is settled by the board.", quote=f"q{n}", segment_ids=(n,)) for n in range(150)]
    after = [replace(ASK, kind="decision", text=f"Who else has {n} seen?", quote=f"r{n}", segment_ids=(n + 149,)) for n in range(150)]
    monkeypatch.setattr(difflib, "SequenceMatcher", counting)
    found = compare(document(*before), document(*after))
    assert len([args for args in compared if args[1]]) == 1, "the last of one and the first of the other were said at the same place"
    assert (len(found.added), len(found.removed)) == (150, 150)
