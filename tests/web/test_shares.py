"""A document shown by link: to whoever has it, for so long, and nothing else of its person's."""

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
def world_settings(world_settings):
    return world_settings.model_copy(update={"sharing": "on"})


@pytest.fixture
async def document(world):
    """Ada's document, by id."""
    return (await world.keep_document(await world.user_id("ada")))[2]


async def test_a_link_is_made_listed_and_revoked(world, document, clock):
    ada = world.program("ada")
    answer = await ada.post(f"/api/deliverables/{document}/shares", json={"days": 3})
    assert answer.status_code == 201
    made = answer.json()
    assert made["url"].startswith(f"{world.base}/shared/")
    assert (made["expires_at"], made["opened_count"]) == ("2026-11-25T12:00:00Z", 0)
    usual = (await ada.post(f"/api/deliverables/{document}/shares")).json()
    assert usual["expires_at"] == "2026-11-29T12:00:00Z"
    assert (await ada.delete(f"/api/shares/{made['id']}")).status_code == 204
    clock.advance(hours=1)
    assert (await ada.delete(f"/api/shares/{made['id']}")).status_code == 204
    listed = (await ada.get(f"/api/deliverables/{document}/shares")).json()["shares"]
    assert {(one["id"], one["revoked_at"]) for one in listed} == {(usual["id"], None), (made["id"], "2026-11-22T12:00:00Z")}
    assert "url" not in listed[0]


async def test_a_link_is_for_its_persons_document_and_for_a_month_at_the_most(world, document, refuses):
    bob, ada = world.program("bob"), world.program("ada")
    made = (await ada.post(f"/api/deliverables/{document}/shares")).json()
    refuses(await bob.post(f"/api/deliverables/{document}/shares"), 404, "not_found")
    refuses(await bob.get(f"/api/deliverables/{document}/shares"), 404, "not_found")
    refuses(await bob.delete(f"/api/shares/{made['id']}"), 404, "not_found")
    draft = (await world.keep_document(await world.user_id("ada"), topic="Draft", delivered=False))[2]
    refuses(await ada.post(f"/api/deliverables/{draft}/shares"), 404, "not_found")
    for days in (0, 31):
        refuses(await ada.post(f"/api/deliverables/{document}/shares", json={"days": days}), 422, "invalid_request")
