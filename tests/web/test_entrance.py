"""The one-time link, and what a browser keeps of a session."""

from urllib.parse import urlsplit

import pytest

from momentum.web.browsers import family_of
from momentum.web.links import sign_in_link

pytestmark = pytest.mark.anyio
NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "none"}


LOOKS = (
    {"sec-fetch-site": "cross-site"},  # a link in a mail that is read in the browser, or another site's page
    {"sec-purpose": "prefetch;prerender"},
    {"purpose": "prefetch"},
    {"sec-fetch-dest": "image"},
    {"sec-fetch-dest": "iframe"},
    {"sec-fetch-mode": "no-cors"},
    dict.fromkeys(NAVIGATION, ""),  # a program: a preview in a chat, a scanner of mails
)


async def test_whoever_looks_at_a_link_first_does_not_use_it_up(world):
    path = urlsplit(await sign_in_link(world.app, next_path="/recordings")).path
    browser = await world.browser(signed_in=False)
    for sent in LOOKS:
        looked = await browser.get(path, headers=NAVIGATION | sent)
        assert (looked.status_code, "set-cookie" in looked.headers) == (200, False), sent
        assert "signs this browser in, once" in looked.text
        assert path.rpartition("/")[2] not in looked.text
    pressed = await browser.post(path)
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/recordings")
    assert (await browser.get("/api/me")).status_code == 200
    assert (await (await world.browser(signed_in=False)).post(path)).status_code == 410


async def test_a_link_leads_nowhere_else(world):
    path = urlsplit(await sign_in_link(world.app, next_path="//evil.example")).path
    answer = await (await world.browser(signed_in=False)).get(path)
    assert answer.headers["location"] == "/"


async def test_a_new_session_has_a_new_token_and_the_former_one_is_over(world):
    browser = await world.browser(signed_in=False)
    browser.cookies.set("momentum_session", "planted-by-somebody-else", domain="localhost.local")
    tokens = []
    for _ in range(2):
        await browser.get(urlsplit(await sign_in_link(world.app)).path)
        tokens.append(browser.cookies["momentum_session"])
    former = await world.browser(signed_in=False)
    former.cookies.set("momentum_session", tokens[0])
    assert len({*tokens, "planted-by-somebody-else"}) == 3
    assert (await former.get("/api/me")).status_code == 401
    assert len((await browser.get("/api/me/sessions")).json()["sessions"]) == 1


@pytest.fixture
def behind_https(world_settings):
    return world_settings.model_copy(update={"public_url": "https://momentum.example"})


class TestBehindHttps:
    @pytest.fixture
    def world_settings(self, behind_https):
        return behind_https

    async def test_cookies_are_for_this_host_and_https_alone(self, world):
        browser = await world.browser(signed_in=False)
        entered = await browser.get(urlsplit(await sign_in_link(world.app)).path)
        kept = entered.headers["set-cookie"]
        assert kept.startswith("__Host-momentum_session=")
        assert all(word in kept for word in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"))
        assert "domain" not in kept.lower()
        token = kept.partition("=")[2].partition(";")[0]
        # Another name is another cookie: one that plain http or a neighbour could have set opens nothing.
        for name, status in (("__Host-momentum_session", 200), ("momentum_session", 401)):
            assert (await world.program(None).get("/api/me", headers={"cookie": f"{name}={token}"})).status_code == status
        cookie = {"cookie": f"__Host-momentum_session={token}", "origin": "https://momentum.example"}
        left = await browser.post("/leave", headers=cookie)
        assert left.headers["set-cookie"].startswith('__Host-momentum_session=""')
        assert "Secure" in left.headers["set-cookie"]
        assert (await world.program(None).get("/api/me", headers=cookie)).status_code == 401

    async def test_whoever_deletes_everything_loses_the_same_cookie(self, world):
        browser = await world.browser(signed_in=False)
        entered = await browser.get(urlsplit(await sign_in_link(world.app)).path)
        cookie = {"cookie": entered.headers["set-cookie"].partition(";")[0], "origin": "https://momentum.example"}
        gone = await browser.post("/settings/data/delete", data={"word": "delete"}, headers=cookie)
        assert (gone.status_code, gone.headers["set-cookie"].startswith('__Host-momentum_session=""')) == (200, True)


@pytest.mark.parametrize(
    ("sent", "family"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36", "Chrome, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15", "Safari, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 CriOS/141.0 Mobile Safari/604.1", "Chrome, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) SamsungBrowser/28.0 Chrome/130.0 Safari/537.36", "Samsung Internet, Android"),
        ("curl/8.5.0", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_a_browser_is_called(sent, family):
    assert family_of(sent) == family
