"""The API keeps what its description promises, for whatever is sent."""

import asyncio
import re
import sys

import pytest
from pydantic import BaseModel

from momentum.providers import PROVIDERS
from momentum.web.api import connections, document_models, models, recording_models, template_models, version_models

pytestmark = pytest.mark.anyio

ENDING = ("delete_me", "sign_out", "zoom_disconnect")
"""Operations after which a token is good for little."""

STREAMS = ("watch", "watch_all")
"""Read in tests of their own: one never ends, the other may be sent headers of any name."""

IDS = """
[parameters]
"path.processing_id" = "{processing}"
"path.transcript_id" = "{transcript}"
"path.deliverable_id" = "{deliverable}"
"path.correction_id" = "{correction}"
"path.meeting_id" = "81230000001"
"""


async def examine(world, subject, config, *options):
    """Send what the description allows and what it forbids; gives the examiner's words when an answer is not as described.

    Every 4xx and 5xx is described as the one shape, so this holds them to it too.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{world.base}/openapi.json",
        "--header", f"Authorization: Bearer {world.token(subject)}", "--max-examples", "1", "--no-color", "--generation-database", "none",
        # Unknown page tokens, used states and reversed dates have the right form and are refused all the same.
        "--exclude-checks", "positive_data_acceptance", *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return "" if process.returncode == 0 else output.decode()


async def test_every_answer_is_as_described(world, tmp_path):
    await world.program("ada").connect()
    processing, transcript, deliverable = await world.keep_document(await world.user_id("ada"))
    asked = {"kind": "fix_term", "term": "Friday", "replacement": "Monday"}
    made = (await world.program("ada").post(f"/api/transcripts/{transcript}/corrections", json=asked)).json()["correction"]["id"]
    ids = {"processing": processing.id, "transcript": transcript, "deliverable": deliverable, "correction": made}
    (tmp_path / "known.toml").write_text(IDS.format(**ids))
    (tmp_path / "unknown.toml").write_text("")
    ending = [part for name in ENDING for part in ("--include-operation-id", name)]
    others = [part for name in (*ENDING, *STREAMS) for part in ("--exclude-operation-id", name)]
    async with world.served():
        complaints = await examine(world, "ada", tmp_path / "known.toml", *others)
        assert not complaints, complaints
        complaints = await examine(world, "bob", tmp_path / "unknown.toml", *ending)
        assert not complaints, complaints


async def test_the_description_says_who_may_and_what_can_go_wrong(world):
    described = world.site.openapi()
    assert set(described["components"]["securitySchemes"]) == {"bearer", "session"}
    open_to_all = {"/healthz", "/readyz"}
    for path, item in described["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["description"], where
            assert operation["summary"], where
            guarded = path not in open_to_all and where != "get /api/zoom/auth"
            assert ({"bearer": []} in operation.get("security", [])) == guarded, where
            failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert {"422", "500", "503"} <= set(failures), where
            assert ("401" in failures) == guarded, where
            for status, answer in failures.items():
                content = answer["content"]["application/json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Failure"}, where
                assert content["example"]["status_code"] == int(status)
            assert re.fullmatch("[a-z_]+", operation["operationId"])


async def test_every_example_of_a_shape_is_one():
    named = [
        value for module in (models, document_models, recording_models, template_models, version_models) for value in vars(module).values()
    ]
    shapes = [s for s in named if isinstance(s, type) and issubclass(s, BaseModel)]
    shown = 0
    for shape in shapes:
        example = (shape.model_config.get("json_schema_extra") or {}).get("example")
        if example is not None:
            shape.model_validate(example)
            shown += 1
    assert shown >= 12


async def test_every_provider_has_its_routes(world):
    assert set(connections.PROVIDERS) == set(PROVIDERS)
    paths = world.site.openapi()["paths"]
    for name in PROVIDERS:
        six = ("allowance", "auth-url", "auth", "meetings", "download/{meeting_id}", "status", "disconnect")
        assert {f"/api/{name}/{route}" for route in six} == {path for path in paths if path.startswith(f"/api/{name}/")}
