"""What people want masked, and what they are told of what was sent."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from momentum.model import Deliverable
from momentum.outbound.sent import Sending
from momentum.store import processings
from momentum.writers.receipts import receipt

pytestmark = pytest.mark.anyio

NOTHING = {"kinds": [], "names": [], "always": {"kinds": [], "names": []}}


async def test_a_person_chooses_what_to_mask(world):
    ada = world.program("ada")
    assert (await ada.get("/api/me/redaction")).json() == NOTHING
    chosen = {"kinds": ["email", "card", "email"], "names": ["Dana  Lee", "王小明"]}
    answer = await ada.put("/api/me/redaction", json=chosen)
    assert answer.status_code == 200
    assert answer.json() == NOTHING | {"kinds": ["card", "email"], "names": ["Dana Lee", "王小明"]}
    assert (await ada.get("/api/me/redaction")).json() == answer.json()
    assert (await world.program("bob").get("/api/me/redaction")).json() == NOTHING
    await ada.put("/api/me/redaction", json={"kinds": []})
    assert (await ada.get("/api/me/redaction")).json() == NOTHING


async def test_what_the_installation_masks_is_shown(world):
    world.app.settings.redact, world.app.settings.redact_names = ("iban",), ("Tariq",)
    found = (await world.program("ada").put("/api/me/redaction", json={"kinds": ["email"]})).json()
    assert found == {"kinds": ["email"], "names": [], "always": {"kinds": ["iban"], "names": ["Tariq"]}}


async def test_what_cannot_be_masked_is_refused(world, refuses):
    ada = world.program("ada")
    for wrong in (
        {"kinds": ["passwords"]},
        {"kinds": [], "names": ["x"]},
        {"kinds": [], "names": ["  "]},
        {"names": []},
        {"kinds": [], "more": 1},
    ):
        refuses(await ada.put("/api/me/redaction", json=wrong), 422, "invalid_request")


async def test_a_request_may_ask_for_more(world, ada):
    wanted = {"redact": ["iban", "email"], "redact_names": ["Dana Lee"], "force": True}
    answer = await ada.post("/api/zoom/download/81230000003", json=wanted)
    assert answer.status_code == 202
    async with world.app.database.person(await world.user_id("ada")) as connection:
        found = await processings.get(connection, answer.json()["processing_id"])
    assert (found.options.redact, found.options.redact_names) == (("email", "iban"), ("Dana Lee",))


async def keep_receipt(world, deliverable_id, *sendings):
    draft = Deliverable("minutes", "1", "Planning", "en", "", (), model="gpt-6-luna", extra={"masked": {"email": 2}})
    made = receipt(sendings, draft, "local:base", ("email",))
    async with world.app.database.person(await world.user_id("ada")) as connection:
        statement = text("update deliverables set extra = cast(:extra as jsonb) where id = :id")
        await connection.execute(statement, {"extra": json.dumps({"receipt": made}), "id": deliverable_id})


async def test_a_receipt(world, refuses):
    *_, deliverable_id = await world.keep_document(await world.user_id("ada"))
    address = f"/api/deliverables/{deliverable_id}/receipt"
    ada = world.program("ada")
    assert "before Momentum kept any" in refuses(await ada.get(address), 404, "not_found")
    await keep_receipt(
        world, deliverable_id, Sending(datetime(2026, 11, 22, tzinfo=UTC), "api.openai.com", "text", "minutes", "gpt-6-luna", 81_204)
    )
    found = (await ada.get(address)).json()
    assert (found["nothing_left"], found["masked"], found["redaction"], found["engine"]) == (False, {"email": 2}, ["email"], "local:base")
    assert found["sent"] == [
        {"host": "api.openai.com", "what": "text", "model": "gpt-6-luna", "bytes": 81204, "requests": 1, "first_at": "2026-11-22T00:00:00Z",
         "last_at": "2026-11-22T00:00:00Z", "stayed": False, "earlier": False}
    ]  # fmt: skip
    assert found["in_words"].endswith("22 November 2026). Masked: 2 e-mail addresses.")
    refuses(await world.program("bob").get(address), 404, "not_found")
    markdown = (await ada.get(f"/api/deliverables/{deliverable_id}", params={"format": "markdown"})).text
    assert markdown.rstrip("*\n").endswith(found["in_words"].replace("_", "\\_"))


async def test_a_draft_has_no_receipt(world, refuses):
    *_, deliverable_id = await world.keep_document(await world.user_id("ada"), delivered=False)
    await keep_receipt(world, deliverable_id)
    refuses(await world.program("ada").get(f"/api/deliverables/{deliverable_id}/receipt"), 404, "not_found")
