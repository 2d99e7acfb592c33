"""What a person put right, as layers over the machine's result. Pure: the result itself is never changed, and no model is asked.

    layers.py       the corrections there are, to and from JSON
    terms.py        a term in a text: whole words, case aware
    words.py        what became of a text, word by word
    quotes.py       a quote of a segment that was edited
    timing.py       times of the words of a text that was edited
    cuts.py         a segment that is reassigned in part
    laying.py       a transcript while layers are laid over it
    spoken.py       layers over a transcript
    written.py      layers over a deliverable, each once it is laid over its transcript
    corrected.py    a meeting under its layers: transcript and documents
    changes.py      what a layer would change, to accept or not

Layers are laid in the order in which they were made. One that finds nothing to change (what it spoke of was undone) changes nothing.
"""

from momentum.corrections.changes import Change, changes
from momentum.corrections.corrected import Corrected
from momentum.corrections.cuts import machine_id
from momentum.corrections.layers import (
    ClaimLayer,
    ConfirmClaim,
    EditClaim,
    EditSegment,
    FixTerm,
    Layer,
    MergeSpeakers,
    Reassign,
    RejectClaim,
    RenameSpeaker,
    body,
    kind_of,
    layer,
    renaming,
)
from momentum.corrections.spoken import objection, transcript_under
from momentum.corrections.terms import replaced
from momentum.corrections.written import claim_objection, deliverable_under, title_under

__all__ = [
    "Change",
    "ClaimLayer",
    "ConfirmClaim",
    "Corrected",
    "EditClaim",
    "EditSegment",
    "FixTerm",
    "Layer",
    "MergeSpeakers",
    "Reassign",
    "RejectClaim",
    "RenameSpeaker",
    "body",
    "changes",
    "claim_objection",
    "deliverable_under",
    "kind_of",
    "layer",
    "machine_id",
    "objection",
    "renaming",
    "replaced",
    "title_under",
    "transcript_under",
]
