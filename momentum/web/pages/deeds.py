"""The words for what stands in the audit trail; translated where it is shown."""

from __future__ import annotations

from momentum.languages import N_

ACTIONS = {
    "audit.read": N_("Read the audit trail"),
    "authenticate": N_("Tried to sign in"),
    "connection.begin": N_("Began to connect an account"),
    "connection.complete": N_("Connected an account"),
    "connection.end": N_("Disconnected an account"),
    "connection.lost": N_("Lost the connection to an account"),
    "correction.carry_over": N_("Carried a correction over to other meetings"),
    "correction.offer": N_("Looked where else a correction fits"),
    "correction.withdraw": N_("Withdrew a correction"),
    "deliverable.again": N_("Had a document written again"),
    "deliverable.correct": N_("Corrected a document"),
    "deliverable.export": N_("Took a document as a file"),
    "deliverable.read": N_("Read a document"),
    "deliverable.retry": N_("Had the missing parts of a document read"),
    "key.create": N_("Made an API key"),
    "key.revoke": N_("Revoked an API key"),
    "meeting.read": N_("Read a meeting"),
    "person.delete": N_("Deleted everything"),
    "person.export": N_("Took everything along as one file"),
    "person.prefer": N_("Changed preferences"),
    "person.redaction": N_("Changed what is masked"),
    "person.sign_out": N_("Signed out everywhere"),
    "processing.ask": N_("Asked to process a recording"),
    "processing.cancel": N_("Cancelled a processing"),
    "processing.end": N_("A processing ended"),
    "processing.retry": N_("Tried a processing again"),
    "question.ask": N_("Asked a question"),
    "sandbox.begin": N_("Began with the sandbox"),
    "sandbox.remove": N_("Removed the sandbox"),
    "search": N_("Searched"),
    "session.begin": N_("Signed in"),
    "session.end": N_("Signed out"),
    "share.create": N_("Shared a document by a link"),
    "share.open": N_("A shared document was opened"),
    "share.revoke": N_("Revoked a link to a document"),
    "template.change": N_("Changed a kind of document"),
    "template.create": N_("Made a kind of document"),
    "template.delete": N_("Deleted a kind of document"),
    "transcript.correct": N_("Corrected a transcript"),
    "transcript.export": N_("Took a transcript as a file"),
    "transcript.read": N_("Read a transcript"),
    "transcript.read_corrections": N_("Read the corrections of a transcript"),
    "voice.delete": N_("Deleted a voice"),
    "voice.enrol": N_("Enrolled a voice"),
}
"""Action -> what was done. One that is missing here is shown by its name."""

OBJECTS = {"recording": "/meetings/", "deliverable": "/deliverables/", "processing": "/processings/"}
"""Kind of object -> where its pages stand."""


def page_of(thing: str | None) -> str | None:
    """The page of an entry's "kind:id", where it has one."""
    kind, _, id_ = (thing or "").partition(":")
    return f"{OBJECTS[kind]}{id_}" if kind in OBJECTS and id_ else None
