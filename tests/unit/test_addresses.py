"""Where we connect to, and where never."""

import socket

import aiohttp
import pytest
from aiohttp import web

from momentum.errors import ErrorCode, Permanent
from momentum.outbound.addresses import check_addresses, check_url, checked_connector, is_public, resolve

NOBODY: frozenset[str] = frozenset()
LOCAL = frozenset({"localhost", "127.0.0.1"})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:0a00:0001::1",
    ],
)  # fmt: skip
def test_special_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["170.114.52.2", "8.8.8.8", "2606:4700::6810:1", "64:ff9b::808:808"])
def test_addresses_of_the_open_internet_are_public(address):
    assert is_public(address)


def test_an_ordinary_url_gives_its_host():
    assert check_url("https://US06web.Zoom.us./rec/download/a?b=c", private_hosts=NOBODY) == "us06web.zoom.us"


@pytest.mark.parametrize(
    "url",
    [
        "http://zoom.us/", "ftp://zoom.us/", "file:///etc/passwd", "https:///nohost", "https://user:pw@zoom.us/", "https://@zoom.us/",
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest", "https://zoom.us:port/",
        "https://[broken/", "", "https://a..zoom.us/", f"https://{'a' * 64}.zoom.us/", "https://zoom.us:99999/",
    ],
)  # fmt: skip
def test_other_urls_are_refused_without_being_shown(url):
    with pytest.raises(Permanent) as refused:
        check_url(url, private_hosts=NOBODY)
    assert refused.value.code is ErrorCode.ADDRESS_REFUSED
    assert not url or url not in refused.value.detail


def test_a_configured_host_may_be_private_and_plain():
    assert check_url("http://127.0.0.1:9000/v2", private_hosts=LOCAL) == "127.0.0.1"
    with pytest.raises(Permanent):
        check_url("http://127.0.0.2:9000/v2", private_hosts=LOCAL)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9001/v2", "http://127.0.0.1/v2", "https://127.0.0.1:443/", "http://localhost:9000/"])
def test_an_entry_with_a_port_allows_that_port_alone(url):
    exact = frozenset({"127.0.0.1:9000"})
    assert check_url("http://127.0.0.1:9000/v2", private_hosts=exact) == "127.0.0.1"
    with pytest.raises(Permanent):
        check_url(url, private_hosts=exact)


def test_one_private_answer_is_enough_to_refuse_a_name():
    with pytest.raises(Permanent):
        check_addresses("rebind.example", ["8.8.8.8", "10.0.0.1"], private_hosts=NOBODY)
    check_addresses("rebind.example", ["8.8.8.8"], private_hosts=NOBODY)


@pytest.mark.anyio
async def test_a_name_that_leads_home_is_refused_when_it_is_resolved():
    with pytest.raises(Permanent):
        await resolve("localhost", 443, private_hosts=NOBODY)
    assert {one["host"] for one in await resolve("localhost", 443, private_hosts=LOCAL)} <= {"127.0.0.1", "::1"}


async def _serve(app):
    runner = web.AppRunner(app)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    return runner, listening.getsockname()[1]


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_the_connector_opens_no_socket_to_a_private_address(host):
    seen = []

    async def answer(request):
        seen.append(request.path)
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner, port = await _serve(app)
    try:
        async with aiohttp.ClientSession(connector=checked_connector(NOBODY)) as strict:
            with pytest.raises(Permanent):
                await strict.get(f"http://{host}:{port}/secret")
        assert seen == []
        async with aiohttp.ClientSession(connector=checked_connector(LOCAL)) as allowed, allowed.get(f"http://{host}:{port}/open") as got:
            assert await got.text() == "here"
        async with aiohttp.ClientSession(connector=checked_connector(frozenset({"localhost"}))) as by_name:
            with pytest.raises(Permanent):
                await by_name.get(f"http://127.0.0.1:{port}/secret")
        base = f"http://{host}:{port}"
        exact, other = (checked_connector(frozenset({f"{host}:{number}"})) for number in (port, port + 1))
        async with aiohttp.ClientSession(connector=exact) as one, one.get(f"{base}/exact") as got:
            assert await got.text() == "here"
        async with aiohttp.ClientSession(connector=other) as another:
            with pytest.raises(Permanent):
                await another.get(f"http://{host}:{port}/secret")
    finally:
        await runner.cleanup()
    assert seen == ["/open", "/exact"]
