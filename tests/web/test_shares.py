"""A document shown by link: to whoever has it, for so long, and nothing else of its person's."""

import re
from uuid import UUID

import pytest

from momentum.errors import TooMany
from momentum.model import Claim, ClaimState
from momentum.store import audit
from momentum.web.pages.shares import Openings

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


ADDRESS = "mira@example.org"


@pytest.fixture
async def opens(world):
    """Makes a link to a document of the local person's; gives the link's path and who made it."""

    async def make(**more):
        browser = await world.browser()
        *_, document = await world.keep_document(await world.user_id_of(browser), **more)
        page = await browser.post(f"/deliverables/{document}/share", data={"days": "2"})
        (url,) = re.findall(rf"{world.base}(/shared/[\w-]{{43}})", page.text)
        return browser, document, url

    return make


async def test_a_link_shows_the_document_as_its_person_sees_it_now(world, opens):
    claim = Claim("decision", f"Write to {ADDRESS}", f"Write to {ADDRESS} on Friday.", (0,), state=ClaimState.VERIFIED, start=1.0)
    receipt = {"sent": [], "redaction": [], "model": None}
    browser, document, path = await opens(claims=(claim,), extra={"receipt": receipt, "participants": ["Ada", ADDRESS]})
    stranger = await world.browser(signed_in=False)
    page = await stranger.get(path)
    assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
    assert "noindex" in page.headers["x-robots-tag"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "Write to [e-mail address] on Friday." in page.text
    for absent in (ADDRESS, "left this machine", "left the machine", "<a ", "<form", "<script", str(document)):
        assert absent not in page.text, absent
    laid = await browser.post(
        f"/api/deliverables/{document}/corrections", json={"kind": "edit_claim", "claim": 0, "text": "Ring them on Friday"}
    )
    assert laid.status_code == 201, laid.text
    assert "Ring them on Friday" in (await stranger.get(path)).text
    listed = (await browser.get(f"/deliverables/{document}/share")).text
    assert "opened 2 times" in listed
    assert path not in listed


async def test_whatever_ends_a_link_leaves_the_same_page(world, opens, clock):
    browser, document, path = await opens()
    revoked = (await opens(topic="Revoked"))[1:]
    stranger = await world.browser(signed_in=False)
    (share,) = (await browser.get(f"/api/deliverables/{revoked[0]}/shares")).json()["shares"]
    gone = await browser.post(f"/shares/{share['id']}/revoke")
    assert gone.headers["location"] == f"/deliverables/{revoked[0]}/share"
    unknown = await stranger.get(f"/shared/{'x' * 43}")
    assert (unknown.status_code, "<a " in unknown.text, unknown.headers["referrer-policy"]) == (404, False, "no-referrer")
    assert (await stranger.get(revoked[1])).text == unknown.text
    assert (await stranger.get(path)).status_code == 200
    clock.advance(days=2)
    assert (await stranger.get(path)).text == unknown.text
    assert "Expired" in (await browser.get(f"/deliverables/{document}/share")).text


async def test_openings_are_noted_as_of_nobody_known_and_bounded(world, opens, logged):
    browser, document, path = await opens()
    (share,) = (await browser.get(f"/api/deliverables/{document}/shares")).json()["shares"]
    stranger = await world.browser(signed_in=False)
    assert [(await stranger.get(path)).status_code for _ in range(2)] == [200, 200]
    await audit.chain(world.app.database)
    entries = (await browser.get("/api/me/audit")).json()["entries"]
    opened = [(e["actor"], e["object"], e["source"]) for e in entries if e["action"] == "share.open"]
    assert opened == [("link", f"share:{share['id']}", "127.0.0.0/24")] * 2
    assert [e["object"] for e in entries if e["action"] == "share.create"] == [f"share:{share['id']}"]
    trail = (await browser.get("/settings/audit")).text
    assert (trail.count("<td>somebody with the link</td>"), "<td>link</td>" in trail) == (2, False)
    assert path.rpartition("/")[2] not in str(logged)
    openings = Openings()
    for _ in range(Openings.MOST):
        openings.count(UUID(share["id"]), world.clock())
    with pytest.raises(TooMany):
        openings.count(UUID(share["id"]), world.clock())
    world.site.state.openings = openings
    refused = await stranger.get(path)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")


async def test_a_link_goes_with_its_document(world, opens):
    browser, _, path = await opens()
    stranger = await world.browser(signed_in=False)
    assert (await stranger.get(path)).status_code == 200
    assert (await browser.delete("/api/me")).status_code == 200
    assert (await stranger.get(path)).status_code == 404


async def test_where_sharing_is_off_nothing_is_offered_made_or_shown(world, opens, refuses):
    browser, document, path = await opens()
    assert f'href="/deliverables/{document}/share"' in (await browser.get(f"/deliverables/{document}", follow_redirects=True)).text
    world.app.settings.sharing = "off"
    stranger = await world.browser(signed_in=False)
    assert f"{document}/share" not in (await browser.get(f"/deliverables/{document}", follow_redirects=True)).text
    page = await browser.get(f"/deliverables/{document}/share")
    assert (page.status_code, "SHARING=on" in page.text) == (403, True)
    assert (await browser.post(f"/deliverables/{document}/share")).status_code == 403
    refuses(await browser.post(f"/api/deliverables/{document}/shares"), 403, "forbidden")
    refuses(await browser.get(f"/api/deliverables/{document}/shares"), 403, "forbidden")
    assert (await stranger.get(path)).text == (await stranger.get(f"/shared/{'x' * 43}")).text
