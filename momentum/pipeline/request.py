"""Asking for a processing: which recording, which files, how; the same request is the same processing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any
from uuid import UUID

from momentum.errors import ErrorCode, NotFound
from momentum.model import Options
from momentum.store import processings, recordings


def request_key(recording: recordings.StoredRecording, options: Options, *, nonce: str | None = None) -> str:
    """Identity of a request within a person: instance, file set and options; `nonce` makes a forced one new."""
    files = sorted(f.file_id for f in recording.files if options.file_id in {None, f.file_id})
    made_of = [recording.provider, recording.instance_id, files, dataclasses.asdict(options), nonce]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


async def request_stored(
    connection: Any, user_id: UUID, recording_id: UUID, options: Options, *, nonce: str | None = None
) -> tuple[processings.Processing, bool]:
    """The processing of a recording we know, and whether it is new. Raises NotFound."""
    recording = await recordings.get(connection, recording_id)
    if recording is None:
        raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "There is no such recording.")
    if options.file_id is not None and options.file_id not in {f.file_id for f in recording.files}:
        raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "This recording has no such file.")
    key = request_key(recording, options, nonce=nonce)
    return await processings.create(connection, user_id, recording.id, recording.provider, key, options)
