"""Asking for a processing: which recording, which files, how; the same request is the same processing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any
from uuid import UUID

from momentum.errors import Conflict, ErrorCode, Invalid, NotFound
from momentum.model import Options
from momentum.store import processings, profiles, recordings, templates, versions
from momentum.store.database import Connection
from momentum.store.deliverables import StoredDeliverable
from momentum.writers import own


def request_key(recording: recordings.StoredRecording, options: Options, *, nonce: str | None = None) -> str:
    """Identity of a request within a person: instance, file set and options; `nonce` makes a forced one new."""
    files = sorted(f.file_id for f in recording.files if options.file_id in {None, f.file_id})
    made_of = [recording.provider, recording.instance_id, files, _asked(options), nonce]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


_ALWAYS = {"deliverables", "transcript", "language", "file_id"}


def _asked(options: Options) -> dict[str, Any]:
    """What was asked for; an option that came later counts only where it is used, so that requests made before it keep their key."""
    default = dataclasses.asdict(Options())
    return {name: value for name, value in dataclasses.asdict(options).items() if name in _ALWAYS or value != default[name]}


async def request_stored(
    connection: Connection, user_id: UUID, recording_id: UUID, options: Options, *, nonce: str | None = None
) -> tuple[processings.Processing, bool]:
    """The processing of a recording we know, and whether it is new.

    The person's own forms are taken as they are now, and written is in their language where the request names none.
    Raises NotFound, and Invalid for a form that is not theirs.
    """
    recording = await recordings.get(connection, recording_id)
    if recording is None:
        raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "There is no such recording.")
    if options.file_id is not None and options.file_id not in {f.file_id for f in recording.files}:
        raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "This recording has no such file.")
    names = [await _resolved(connection, name) for name in options.deliverables]
    language = options.output_language or (await profiles.get(connection, user_id)).output_language
    options = dataclasses.replace(options, deliverables=tuple(names), output_language=language, anew=nonce is not None)
    key = request_key(recording, options, nonce=nonce)
    return await processings.create(connection, user_id, recording.id, recording.provider, key, options)


async def request_version(
    connection: Connection, user_id: UUID, found: StoredDeliverable, *, missing_only: bool, language: str | None, nonce: str
) -> tuple[processings.Processing, bool]:
    """The processing that makes a new version of a deliverable, and whether it is new: one that is under way is not begun twice.

    With `missing_only`, it reads what could not be read the last time, and nothing else; where that was read since, it is the
    processing that did. Raises Conflict when there is nothing
    of the kind, and Invalid when the form it was written by is deleted.
    """
    if missing_only and not found.deliverable.coverage.missing:
        raise Conflict(ErrorCode.CONFLICT, "Every part of this document was read. There is nothing to retry.")
    if (running := await versions.under_way(connection, found.id, missing_only=missing_only)) is not None:
        return running, False
    name, deliverable = found.about.kind, found.deliverable
    if own.is_own(name):
        name = f"{name}@{deliverable.writer_version}" if missing_only else await _resolved(connection, name)
    former = (await processings.get(connection, found.about.processing_id)).options
    options = dataclasses.replace(
        former,
        deliverables=(name,),
        output_language=deliverable.language if missing_only else language or former.output_language,
        again=str(found.id),
        missing_only=missing_only,
        nonce=nonce,
    )
    recording = await recordings.get(connection, found.about.recording_id)
    if recording is None:
        raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "There is no such recording.")
    key = request_key(recording, options)
    return await processings.create(connection, user_id, recording.id, recording.provider, key, options)


async def _resolved(connection: Connection, name: str) -> str:
    """The name with the newest version of the form in it; names of writers as they are."""
    if not own.is_own(name):
        return name
    try:
        template = await templates.get(connection, UUID(own.parsed(name)[0]))
    except (NotFound, ValueError) as error:
        raise Invalid(ErrorCode.INVALID_REQUEST, f"You have no form {name!r}.") from error
    return own.named(template.id, template.form.version)
