"""Every failure leaves in one shape, and tells people what programs are told."""

import asyncio
from urllib.parse import urlsplit

import psycopg
import pytest

from momentum.store import profiles
from momentum.web.guard import LARGEST_BODY
from momentum.web.links import sign_in_link
from momentum.web.view import static

pytestmark = pytest.mark.anyio


AN_UNKNOWN_ADDRESS = ["/nothing", "/api", "/api/", "/api/zoom", "/api/zoom/nothing", "/static/nothing.css", "/static/", "/api/teams/status"]


async def test_an_unknown_address(world, refuses, subtests):
    for path in AN_UNKNOWN_ADDRESS:
        with subtests.test(path=path):
            assert refuses(await world.program().get(path), 404, "not_found") == "There is nothing here."


A_METHOD_THAT_AN_ADDRESS_DOES_NOT_TAKE = [
    ("PUT", "/api/zoom/auth", {"GET", "POST"}),
    ("GET", "/api/zoom/download/81230000001", {"POST"}),
    ("PUT", "/api/me", {"GET", "PATCH", "DELETE"}),
    ("DELETE", "/healthz", {"GET", "HEAD"}),
    ("POST", "/", {"GET"}),
    ("BREW", "/api/me", {"GET", "PATCH", "DELETE"}),
]


async def test_a_method_that_an_address_does_not_take(world, refuses, subtests):
    for method, path, allowed in A_METHOD_THAT_AN_ADDRESS_DOES_NOT_TAKE:
        with subtests.test(method=method, path=path, allowed=allowed):
            answer = await world.program().request(method, path)
            assert "does not take" in refuses(answer, 405, "method_not_allowed")
            assert set(answer.headers["allow"].split(", ")) == allowed


async def test_a_body_that_is_too_large(world, refuses):
    program = world.program()
    for path in ("/api/zoom/auth", "/api/zoom/download/81230000001", "/leave", "/nothing"):
        refuses(await program.post(path, content=b"x" * (LARGEST_BODY + 1)), 413, "request_too_large")


async def test_a_body_that_grows_too_large_without_saying_so(world, refuses):
    async def endless():
        for _ in range(LARGEST_BODY // 1000 + 2):
            yield b" " * 1000

    answer = await world.program().post("/api/zoom/auth", content=endless(), headers={"content-type": "application/json"})
    refuses(answer, 413, "request_too_large")


async def test_four_gigabytes_are_refused_before_they_are_sent(world):
    async with world.served():
        reader, writer = await asyncio.open_connection("127.0.0.1", world.port)
        head = f"POST /api/zoom/auth HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {4 * 2**30}\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.readuntil(b"}")
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"error_code":"request_too_large"' in answer


A_BODY_THAT_CANNOT_BE_READ = [b"{", b"\xff\xfe", b'"text"', b"null", b'{"state": 1}', b'{"state": "\\ud800", "code": "x"}', b"[" * 90_000]


async def test_a_body_that_cannot_be_read(world, refuses, subtests):
    for body in A_BODY_THAT_CANNOT_BE_READ:
        with subtests.test(body=body):
            answer = await world.program().post("/api/zoom/auth", content=body, headers={"content-type": "application/json"})
            assert answer.status_code in {400, 422}
            refuses(answer, answer.status_code, "invalid_request")


async def test_a_refused_value_is_not_repeated(world):
    answer = await world.program().post("/api/zoom/auth", json={"state": "S3CRET-STATE" * 100, "code": "S3CRET-CODE", "token": "S3CRET"})
    assert answer.status_code == 422
    assert "S3CRET" not in answer.text


async def test_what_nobody_foresaw_is_a_500_with_an_id_that_stands_in_the_log(world, refuses, monkeypatch, logged):
    async def broken(*_args, **_kwargs):
        raise RuntimeError("a secret of the house")

    program, browser = world.program(), await world.browser()
    monkeypatch.setattr(profiles, "get", broken)
    detail = refuses(await program.get("/api/me"), 500, "internal_error")
    fault = detail.rpartition(" ")[2].rstrip(".")
    assert len(fault) == 12
    assert "secret of the house" not in detail
    (event,) = [e for e in logged if e["event"] == "request_broke"]
    assert (event["fault_id"], event["route"]) == (fault, "/api/me")
    monkeypatch.setattr("momentum.web.pages.recordings.connection_of", broken)
    page = await browser.get("/recordings")
    assert (page.status_code, "Something broke" in page.text) == (500, True)
    assert "Tell the operator fault" in page.text


async def test_a_browser_outside_the_api_gets_a_page_with_the_same_words(world):
    browser = await world.browser()
    page = await browser.get("/nothing")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here." in page.text
    assert "not_found" in page.text
    assert (await browser.get("/api/nothing")).headers["content-type"] == "application/json"
    for path in ("/deliverables/x", "/deliverables/0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10", "/connect/teams"):
        assert (await browser.get(path)).headers["content-type"].startswith("text/html"), path
    unknown = await browser.post("/recordings/0b7a4c1e-2f0d-4e6b-8a34-5f1c9a7e2d10/process")
    assert (unknown.status_code, "recording_not_found" in unknown.text) == (404, True)


EVERY_ANSWER_KEEPS_ITSELF_TO_ITSELF = [
    ("/", {}),
    ("/api/me", {}),
    ("/nothing", {}),
    ("/healthz", {}),
    ("/static/momentum.css", {}),
    ("/leave", {"content": b"x" * (LARGEST_BODY + 1)}),
]


async def test_every_answer_keeps_itself_to_itself(world, subtests):
    for path, kwargs in EVERY_ANSWER_KEEPS_ITSELF_TO_ITSELF:
        with subtests.test(path=path, kwargs=kwargs):
            answer = await world.program(None).request("POST" if kwargs else "GET", path, **kwargs)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


async def test_pages_tell_garbage_in_their_readers_words(world):
    browser = await world.browser()
    browser.headers["accept-language"] = "de"
    for path in ("/meetings/x", "/processings/x", "/deliverables/0"):
        page = await browser.get(path)
        assert (page.status_code, "Hier ist nichts" in page.text) == (404, True), page.text
    sent = {"content": b"--x", "headers": {"content-type": "multipart/form-data"}}
    for page in (
        await browser.post("/settings/access", data={"name": "x", "lasts": "soon"}),
        await browser.get("/recordings?asked=many"),
        await browser.post("/settings/language", **sent),
    ):
        assert page.status_code == 422
        assert "ist nicht lesbar" in page.text
    assert "should be" in (await world.program().get("/api/processings/x")).json()["detail"]


async def test_browsers_keep_a_file_for_good_at_its_own_address_alone(world):
    program, ours = world.program(None), static("momentum.css")
    kept = {path: (await program.get(path)).headers["cache-control"] for path in (ours, f"{ours}0", "/static/none.css?v=0", "/static/?v=")}
    assert list(kept.values()) == ["public, max-age=31536000, immutable", "no-cache", "no-cache", "no-cache"]


async def test_a_failure_at_the_entrance_leaves_the_link_good_and_out_of_the_log(world, owner_dsn, logged):
    link = urlsplit(await sign_in_link(world.app)).path
    browser = await world.browser(signed_in=False)
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("alter table sessions rename to gone")
        try:
            assert (await browser.get(link)).status_code == 500
        finally:
            owner.execute("alter table gone rename to sessions")
    assert (await browser.get(link)).status_code == 303
    (event,) = [e for e in logged if e["event"] == "request_broke"]
    assert event["route"] == "/enter/{token}"
    assert link.rpartition("/")[2] not in str(logged)
