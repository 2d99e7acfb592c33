"""The identity of a request for a processing."""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

from momentum.model import Options
from momentum.pipeline.request import request_key
from momentum.store.recordings import StoredRecording

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
RECORDING = StoredRecording(
    UUID(int=1), "zoom", "uuid-1==", "85550001234", "Planning", AT, None, 30, None, None, None,
    in_trash=False, first_seen_at=AT, last_seen_at=AT, changed_at=AT, gone_at=None,
)  # fmt: skip


def test_requests_of_a_former_release_keep_their_key():
    asked = {"deliverables": ["minutes"], "transcript": "auto", "language": None, "file_id": None}
    former = hashlib.sha256(json.dumps(["zoom", "uuid-1==", [], asked, None], sort_keys=True).encode()).hexdigest()
    assert request_key(RECORDING, Options(("minutes",))) == former


def test_every_option_makes_another_request():
    ways = [
        {}, {"deliverables": ("minutes",)}, {"transcript": "own"}, {"language": "de"}, {"file_id": "f"}, {"redact": ("email",)},
        {"redact_names": ("Dana",)}, {"output_language": "de"}, {"again": "d"}, {"missing_only": True}, {"nonce": "n"},
            {"anew": True},
    ]  # fmt: skip
    assert len({request_key(RECORDING, Options(**way)) for way in ways}) == len(ways)
    assert {name for way in ways for name in way} == {field.name for field in dataclasses.fields(Options)}
