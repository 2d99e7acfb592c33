"""What people call states, steps and kinds; translated where it is shown."""

from __future__ import annotations

from momentum.languages import N_
from momentum.model import LISTEN_HERE, ClaimState, ProcessingState, Remark, Ruling
from momentum.writers import transcripts

STATES = {
    ProcessingState.QUEUED: N_("Waiting for its turn"),
    ProcessingState.RUNNING: N_("Working"),
    ProcessingState.WAITING: N_("Goes on by itself"),
    ProcessingState.ACTION_REQUIRED: N_("Needs you"),
    ProcessingState.DONE: N_("Done"),
    ProcessingState.FAILED: N_("Failed"),
    ProcessingState.CANCELLED: N_("Cancelled"),
}
STEPS = {
    "discover": N_("looking at the recording"),
    "transcribe": N_("listening"),
    "attribute": N_("finding who spoke"),
    "generate": N_("writing"),
    "verify": N_("checking every claim"),
    "deliver": N_("filing"),
}
STEP_TITLES = {
    "discover": N_("Look at the recording"),
    "transcribe": N_("Listen"),
    "attribute": N_("Find who spoke"),
    "generate": N_("Write"),
    "verify": N_("Check every claim"),
    "deliver": N_("File the documents"),
}
REMARKS: dict[tuple[str, str], str] = {
    ("transcribe", Remark.CAPTIONS): N_("The provider's own transcript was taken instead of listening."),
    ("attribute", Remark.CAPTIONS): N_("The provider's own transcript has the names."),
    ("attribute", Remark.NO_NAMES): N_("The provider names nobody in this recording."),
    ("attribute", Remark.NOT_ASKED): N_("Our own transcript alone was asked for."),
    ("generate", Remark.NO_MODEL): N_("There is no language model, so rules chose the highlights."),
    ("generate", Remark.NOTHING_SAID): N_("No word was understood, so there was nothing to write from."),
    **{(step, Remark.TAKEN_OVER): N_("An earlier run had made this already.") for step in ("transcribe", "attribute", "generate")},
    **{(step, "former"): N_("The transcript of the former version is used.") for step in ("transcribe", "attribute")},
}
"""By step and remark: why it did less than it might have."""
CLAIM_STATES = {
    ClaimState.VERIFIED: N_("Verified"),
    ClaimState.REPAIRED: N_("Verified, place corrected"),
    ClaimState.NEEDS_CONFIRMATION: N_("Needs you"),
    ClaimState.DROPPED: N_("Left out"),
    ClaimState.SUGGESTED: N_("Suggested"),
}
RULINGS = {
    Ruling.CONFIRMED: N_("Confirmed by you"),
    Ruling.EDITED: N_("Edited by you"),
    Ruling.REJECTED: N_("Rejected by you"),
}
MARKS = transcripts.MARKS | {LISTEN_HERE: N_("listen here")}
"""What a reader is told of a segment that looks wrong."""
CORRECTIONS = {
    "rename_speaker": N_("Speaker renamed"),
    "merge_speakers": N_("Speakers made one"),
    "reassign": N_("Said by somebody else"),
    "fix_term": N_("Term"),
    "edit_segment": N_("Words"),
    "confirm_claim": N_("Claim confirmed"),
    "edit_claim": N_("Claim edited"),
    "reject_claim": N_("Claim rejected"),
}
SECRETS = {
    "email": N_("E-mail addresses"),
    "phone": N_("Phone numbers, and other long numbers that are no amount and no date"),
    "card": N_("Card numbers"),
    "iban": N_("IBANs"),
}
HOLDS = {
    "statements": N_("Statements"),
    "tasks": N_("Tasks, with owner and day"),
    "decisions": N_("Decisions"),
    "questions": N_("Questions"),
    "topics": N_("Topics"),
}
"""What may stand in a section of one's own kind of document."""
RETRYABLE = frozenset({ProcessingState.ACTION_REQUIRED, ProcessingState.FAILED, ProcessingState.CANCELLED})
