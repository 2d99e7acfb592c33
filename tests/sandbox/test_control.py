"""The sandbox's own switches, and that it stays on this machine."""

import asyncio
import socket
import time

import pytest

from momentum.errors import ErrorCode, Invalid, Permanent, Unavailable
from momentum.sandbox import running_sandbox
from momentum.sandbox.faults import KNOWN, read_flag

pytestmark = pytest.mark.anyio


async def test_faults_are_set_listed_and_cleared_over_http(zoom, http, maya):
    url = f"{zoom.base}/__faults"
    shown = (await http.post(url, json={"server_error": {"status": 502, "count": 1, "path": "/users"}, "localised": True})).json()
    assert shown["active"] == {"server_error": {"status": 502, "count": 1, "path": "/users"}, "localised": {}}
    assert [(await maya.get("/users/me")).status_code for _ in range(2)] == [502, 200]
    assert (await http.get(url)).json()["fired"] == {"server_error": 1}
    assert (await http.post(url, json={"localised": False})).json()["active"] == {}
    await http.post(url, json={"slow": 3})
    assert (await http.delete(url)).json()["active"] == {}


async def test_an_unknown_fault_is_refused_with_the_known_ones(zoom, http):
    answer = await http.post(f"{zoom.base}/__faults", json={"gremlins": True})
    assert (answer.status_code, set(answer.json()["known"])) == (422, set(KNOWN))
    assert "gremlins" in answer.json()["detail"]


NONSENSE = (
    b"[]",
    b"{",
    b'{"slow": "often"}',
    b'{"slow": {"seconds": "abc"}}',
    b'{"slow": {"count": "x"}}',
    b'{"slow": {"seconds": 1e999}}',
)


@pytest.mark.parametrize("body", NONSENSE)
async def test_nonsense_is_refused(zoom, http, maya, body):
    assert (await http.post(f"{zoom.base}/__faults", content=body)).status_code == 422
    assert (await maya.get("/users/me")).status_code == 200


@pytest.mark.parametrize(("switch", "body"), [("state", b"[1]"), ("state", b"{"), ("clock", b"[1]"), ("clock", b'{"advance": 1e999}')])
async def test_nonsense_is_refused_by_the_other_switches_too(zoom, http, switch, body):
    assert (await http.post(f"{zoom.base}/__{switch}", content=body)).status_code == 422


@pytest.mark.parametrize(
    ("flag", "meaning"),
    [
        ("slow", {"slow": True}),
        ("token_expired=2", {"token_expired": 2}),
        ("slow:seconds=0.5,path=/v2", {"slow": {"seconds": 0.5, "path": "/v2"}}),
    ],
)
def test_faults_as_flags(flag, meaning):
    assert read_flag(flag) == meaning


async def test_flags_are_in_force_from_the_start(walk):
    async with running_sandbox(now=lambda: walk.now, faults=["slow:seconds=0,count=4", "localised"]) as zoom:
        assert zoom.faults.active() == {"slow": {"seconds": 0, "count": 4}, "localised": {}}
    with pytest.raises(Invalid, match="There is no fault 'gremlins'"):
        async with running_sandbox(now=lambda: walk.now, faults=["gremlins"]):
            pass


async def test_the_clock_moves_forward(zoom, http):
    assert (await http.post(f"{zoom.base}/__clock", json={"advance": 3600})).json() == {"now": "2026-11-18T13:30:00+00:00"}
    assert (await http.post(f"{zoom.base}/__clock", json={"back": 1})).status_code == 422


async def test_a_meeting_ends_on_demand(zoom, http, maya):
    ended = (await http.post(f"{zoom.base}/__meetings", json={"sample": "short"})).json()
    assert ended["ended_at"] == zoom.now().isoformat()
    assert (await maya.get(f"/meetings/{ended['id']}/recordings")).json()["uuid"] == ended["uuid"]
    for nonsense in ({"sample": "opera"}, {"owner": "nobody"}, []):
        assert (await http.post(f"{zoom.base}/__meetings", json=nonsense)).status_code == 422


async def test_the_request_log_tells_tokens_apart_and_gives_none_away(zoom, http, maya):
    await maya.get("/users/me", page="1")
    await maya.get("/meetings/%252FcU5tomer%252BCall2Northwi%253D%253D/recordings")
    answer = await http.get(f"{zoom.base}/__requests")
    log = answer.json()["requests"]
    assert [entry["path"] for entry in log][-2:] == ["/v2/users/me", "/v2/meetings/%252FcU5tomer%252BCall2Northwi%253D%253D/recordings"]
    assert (log[-2]["query"], log[-2]["authorization"], log[-2]["status"]) == ({"page": "1"}, "Bearer", 200)
    assert log[-1]["token"] == log[-2]["token"]
    assert next(entry for entry in log if entry["path"] == "/oauth/token")["grant_type"] == "authorization_code"
    assert maya.tokens["access_token"] not in answer.text
    assert zoom.client_secret not in answer.text
    await http.delete(f"{zoom.base}/__requests")
    assert zoom.requests == []


async def test_the_state_can_be_read_and_who_is_signed_in_changed(zoom, http, walk, maya):
    state = (await http.post(f"{zoom.base}/__state", json={"signed_in": "tom.reed@momentum.example"})).json()
    assert (state["signed_in"], state["live_grants"], state["leaks"]) == ("tom.reed@momentum.example", 1, [])
    tom = await walk.connect(zoom, http)
    assert (await tom.get("/users/me")).json()["first_name"] == "Tom"
    assert (await http.post(f"{zoom.base}/__state", json={"signed_in": "nobody"})).status_code == 422


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "example.org"])
async def test_only_this_machine_is_served(walk, host):
    with pytest.raises(Permanent) as refused:
        async with running_sandbox(now=lambda: walk.now, host=host):
            pass
    assert refused.value.code is ErrorCode.SETTINGS_INVALID


async def test_a_port_that_is_taken_is_said_to_be_and_one_that_was_used_is_free_again(walk):
    async with running_sandbox(now=lambda: walk.now) as zoom:
        port = int(zoom.base.rpartition(":")[2])
        with pytest.raises(Unavailable, match="Cannot listen"):
            async with running_sandbox(now=lambda: walk.now, port=port):
                pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    async with running_sandbox(now=lambda: walk.now, port=port) as zoom:
        assert zoom.base == f"http://127.0.0.1:{port}"


async def test_stopping_does_not_wait_for_what_is_slow_on_purpose(walk, http):
    began = time.monotonic()
    async with running_sandbox(now=lambda: walk.now, faults=["slow:seconds=60,path=/v2"]) as zoom:
        waiting = asyncio.create_task(http.get(f"{zoom.api_base}/users/me", timeout=30))
        async with asyncio.timeout(10):
            while "slow" not in (await http.get(f"{zoom.base}/__state")).json()["fired"]:
                pass
    assert (await waiting).status_code == 401
    assert time.monotonic() - began < 4
