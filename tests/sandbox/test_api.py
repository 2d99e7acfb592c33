"""The API's refusals, and one meeting by every name it may be called."""

from urllib.parse import quote

import httpx2
import pytest

from momentum.sandbox import running_sandbox

pytestmark = pytest.mark.anyio


REFUSALS = [
    ({"token_expired": 1}, 401, 124, "Access token is expired."),
    ({"invalid_token": 1}, 401, 124, "Invalid access token."),
    ({"admin_disabled": 1}, 401, 124, "Invalid access token."),
    ({"user_removed": 1}, 404, 1001, "User does not exist: MayaChenSandboxUser001."),
    ({"scope_missing": 1}, 400, 4711, "Invalid access token, does not contain scopes:[user:read:user]."),
    ({"user_elsewhere": 1}, 400, 1010, "User not found on this account"),
    ({"no_permission": 1}, 200, 200, "You do not have the right permissions."),
    ({"no_permission": {"count": 1, "status": 400}}, 400, 200, "You do not have the right permissions."),
    ({"rate_limit_concurrent": 1}, 429, 429, "Too many concurrent requests. A request to disassociate this user has already been made."),
    ({"scope_missing": {"count": 1, "code": 4700, "scope": "a:b"}}, 400, 4700, "Invalid access token, does not contain scopes:[a:b]."),
]


@pytest.mark.parametrize(("switch", "status", "number", "message"), REFUSALS)
async def test_what_a_call_is_refused_with(zoom, maya, switch, status, *, number, message):
    zoom.faults.apply(switch)
    refused = await maya.get("/users/me")
    assert (refused.status_code, refused.json()) == (status, {"code": number, "message": message})
    assert (await maya.get("/users/me")).status_code == 200


async def test_refusals_of_another_form(zoom, maya):
    zoom.faults.apply({"forbidden": 1, "validation_failed": 1})
    forbidden, invalid = await maya.get("/users/me"), await maya.get("/users/me")
    assert (forbidden.status_code, forbidden.json()) == (403, {"message": "You do not have the right permissions."})
    assert (invalid.status_code, invalid.json()["code"], invalid.json()["errors"][0]["field"]) == (400, 300, "from")


async def test_who_connects_elsewhere_ends_what_was_granted_for_good(zoom, maya):
    zoom.faults.set("authorized_elsewhere", count=1)
    assert [(await maya.get("/users/me")).status_code for _ in range(2)] == [401, 401]
    assert (await maya.refresh()).json() == {"reason": "Invalid Token!", "error": "invalid_grant"}


async def test_without_a_token_and_off_the_map(zoom, http, maya):
    bare = await http.get(f"{zoom.api_base}/users/me")
    assert (bare.status_code, bare.json()) == (401, {"code": 124, "message": "Requires an access token."})
    unknown = await maya.get("/nothing/here")
    assert (unknown.status_code, unknown.json()["message"]) == (404, "This API endpoint is not recognized.")
    assert all(answer.headers["x-zm-trackingid"].startswith("v=2.0;clid=us06;rid=WEB_") for answer in (bare, unknown))


async def test_messages_may_be_spanish(zoom, http):
    zoom.faults.set("localised")
    assert (await http.get(f"{zoom.api_base}/users/me")).json() == {"code": 124, "message": "Se requiere un token de acceso."}


async def test_a_token_without_the_scope_is_told_which(zoom, http, walk):
    person = await walk.connect(zoom, http, scope="user:read:user")
    answer = await person.get("/users/me/recordings")
    assert (answer.status_code, answer.json()["code"]) == (400, 4711)
    assert "does not contain scopes:[cloud_recording:read:list_user_recordings]" in answer.text


@pytest.mark.parametrize(
    ("fault", "headers", "kind", "retry_after"),
    [
        ("rate_limit_second", "zoom", "QPS", None),
        ("rate_limit_second", "none", None, None),
        ("rate_limit_daily", "iso", "Daily-limit", "2026-11-19T00:00:00Z"),
        ("rate_limit_daily", "seconds", "Daily-limit", "41400"),
        ("rate_limit_daily", "none", None, None),
        ("rate_limit_user", "zoom", None, None),
    ],
)
async def test_429s_with_their_headers(zoom, maya, fault, headers, *, kind, retry_after):
    zoom.faults.set(fault, count=1, headers=headers)
    answer = await maya.get("/users/me")
    assert (answer.status_code, answer.json()["code"]) == (429, 429)
    assert (answer.headers.get("x-ratelimit-type"), answer.headers.get("retry-after")) == (kind, retry_after)
    fine = await maya.get("/users/me")
    assert (fine.headers["x-ratelimit-category"], fine.headers["x-ratelimit-limit"]) == ("Light", "6000")


async def test_a_rate_can_be_enforced(zoom, maya):
    zoom.faults.set("enforce_rate", per_second=2)
    statuses = [(await maya.get("/users/me")).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


async def test_servers_fail_and_connections_break_where_told_to(zoom, maya):
    zoom.faults.set("server_error", status=502, path="/v2/users")
    assert (await maya.get("/users/me")).status_code == 502
    assert (await maya.refresh()).status_code == 200
    zoom.faults.set("drop_connection", path="/v2/meetings")
    with pytest.raises(httpx2.TransportError):
        await maya.get("/meetings/81230000001/recordings")


async def test_another_users_name_opens_nothing(maya):
    assert (await maya.get("/users/tom.reed@momentum.example/recordings")).json()["code"] == 1010
    assert (await maya.get("/users/nobody/recordings")).json()["code"] == 1001
    assert (await maya.get("/meetings/81230000004/recordings")).json()["code"] == 3301


@pytest.mark.parametrize("uuid", ["/cU5tomer+Call2Northwi==", "sT4nd//Up7Platform9Dly==", "pL4n+Spring7Release3Q1=="])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_meeting_by_uuid_encoded_once_or_twice(maya, uuid, times):
    encoded = uuid
    for _ in range(times):
        encoded = quote(encoded, safe="")
    assert (await maya.get(f"/meetings/{encoded}/recordings")).json()["uuid"] == uuid


async def test_a_slash_may_have_to_be_encoded_twice(zoom, maya):
    zoom.faults.set("uuid_encoded_twice")
    uuid = "/cU5tomer+Call2Northwi=="
    once, twice = quote(uuid, safe=""), quote(quote(uuid, safe=""), safe="")
    assert [(await maya.get(f"/meetings/{name}/recordings")).status_code for name in (once, twice)] == [404, 200]
    assert (await maya.get(f"/meetings/{quote('pL4n+Spring7Release3Q1==', safe='')}/recordings")).status_code == 200


async def test_the_two_meanings_of_3301(zoom, maya):
    assert (await maya.get("/meetings/99999999999/recordings")).json()["message"] == "There is no recording for this session."
    zoom.faults.set("processing_3301", count=1)
    waiting = await maya.get("/meetings/81230000001/recordings")
    assert (waiting.status_code, waiting.json()["code"]) == (404, 3301)
    zoom.faults.set("no_recording_3301", count=1)
    assert (await maya.get("/meetings/81230000001/recordings")).status_code == 404
    assert (await maya.get("/meetings/81230000001/recordings")).status_code == 200


async def test_who_was_there(maya):
    past = (await maya.get("/past_meetings/81230000002")).json()
    people = (await maya.get("/past_meetings/%252FcU5tomer%252BCall2Northwi%253D%253D/participants")).json()["participants"]
    names = [p["name"] for p in people]
    assert past["participants_count"] == len(set(names)) == 4
    assert (names.count("James Bell (Northwind)"), names.count("iPhone")) == (2, 1)
    assert {p["name"]: p["user_email"] for p in people}["James Bell (Northwind)"] == ""


async def test_who_was_there_comes_in_pages(maya):
    path, names, token = "/past_meetings/81230000002/participants", [], ""
    for _ in range(3):
        page = (await maya.get(path, page_size=2, next_page_token=token)).json()
        names, token = names + [p["name"] for p in page["participants"]], page["next_page_token"]
    assert (len(names), token) == (5, "")
    assert (await maya.get(path, next_page_token="stale")).json()["code"] == 300


async def test_an_admins_app_lists_users_and_meetings(http, walk, maya):
    assert (await maya.get("/users")).json()["code"] == 4711
    async with running_sandbox(now=lambda: walk.now, recordings=30, extra_scopes=["user:read:admin", "meeting:read:admin"]) as zoom:
        admin = await walk.connect(zoom, http)
        assert [user["first_name"] for user in (await admin.get("/users")).json()["users"]] == ["Maya", "Tom", "Eva"]
        numbers = [meeting["id"] for meeting in (await admin.get("/users/me/meetings")).json()["meetings"]]
        assert len(numbers) == len(set(numbers)) > 10
        assert (await admin.get(f"/meetings/{numbers[-1]}")).json()["id"] == numbers[-1]
        assert (await admin.get("/meetings/1")).json()["code"] == 3001
