"""Signing in at an identity provider: a real one, which others wrote and had certified (tests/issuer)."""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from momentum.inbound import free_port
from momentum.web.oidc import IdentityProvider

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("issuer")]

CLIENT_SECRET = "s3cret%of+the client/"
SERVER = Path(__file__).parents[1] / "issuer" / "serve.mjs"


class Issuer:
    """The provider's process, which does as it is told between two sign-ins."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self._process, self.url = process, f"http://127.0.0.1:{port}"

    def tell(self, words: str) -> None:
        self._process.stdin.write(f"{words}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    async def consent(self, url: str, login: str = "ada", *, allow: bool = True) -> str:
        """Go there as a browser of that person's, sign in and allow; gives where the provider sends the browser back."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(url)
            while True:
                while answer.is_redirect:
                    url = urljoin(url, answer.headers["location"])
                    if not url.startswith(self.url):
                        return url
                    answer = await http.get(url)
                assert answer.status_code == 200, answer.text
                if not allow:
                    url = urljoin(url, re.search(r'href="([^"]+/abort)"', answer.text)[1])
                    answer = await http.get(url)
                    continue
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
                url = urljoin(url, re.search(r'action="([^"]+)"', answer.text)[1])
                answer = await http.post(url, data={"prompt": prompt, "login": login, "password": "any"})


@pytest.fixture(scope="module")
def port():
    return free_port("127.0.0.1")


@pytest.fixture(scope="module")
def issuer(port):
    home, node = Path(sys.prefix) / "oidc-provider", shutil.which("node")
    if not (home / ".installed").exists() or node is None:
        pytest.skip("the OpenID provider is not installed: run tests/prepare")
    at = free_port("127.0.0.1")
    back = f"http://localhost:{port}/sign-in/oidc/back"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([node, SERVER, home, str(at), back], **pipes) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield Issuer(process, at)
        finally:
            process.stdin.close()
            process.kill()


@pytest.fixture
def clock(clock):
    clock.now = datetime.now(UTC)  # the provider has no clock of ours
    return clock


@pytest.fixture
def world_settings(world_settings, issuer):
    theirs = {"oidc_issuer": issuer.url, "oidc_client_id": "momentum", "oidc_client_secret": SecretStr(CLIENT_SECRET)}
    return world_settings.model_copy(update=theirs | {"oidc_label": "Example ID"})


@pytest.fixture
def untampered(issuer):
    yield
    issuer.tell("tamper nothing")


async def begun(browser, wanted="/recordings"):
    """The address the sign-in page's button leads to in the end."""
    page = await browser.get(wanted)
    button = unescape(re.search(r'<a class="button" href="([^"]+)">Sign in with Example ID</a>', page.text)[1])
    sent = await browser.get(button)
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


def local(url):
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def signed_in(world, issuer, browser=None, **who):
    browser = browser or await world.browser(signed_in=False)
    answer = await browser.get(local(await issuer.consent(await begun(browser), **who)))
    assert answer.status_code == 303, answer.text
    return browser


def refused(answer, status, code):
    """Holds an answer to a page that says why, and offers to try again."""
    assert (answer.status_code, f"<code>{code}</code>" in answer.text) == (status, True), answer.text
    assert "Sign in with Example ID" in answer.text
    assert "momentum_session" not in answer.headers.get("set-cookie", "")


async def test_from_the_page_they_wanted_to_the_provider_and_back_to_it(world, issuer):
    browser = await world.browser(signed_in=False)
    url = await begun(browser, "/recordings?after_document=x")
    sent = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (sent["code_challenge_method"], sent["scope"]) == ("S256", "openid email profile")
    back = local(await issuer.consent(url))
    flow = dict(browser.cookies)
    answer = await browser.get(back)

    assert (answer.status_code, answer.headers["location"]) == (303, "/recordings?after_document=x")
    assert re.search(r"momentum_session=\S+; HttpOnly; .*SameSite=lax", answer.headers["set-cookie"])
    me = (await browser.get("/api/me")).json()
    assert (me["issuer"], me["subject"]) == (issuer.url, "ada")
    assert (me["email"], me["display_name"]) == ("ada@example.org", "ada of example.org")
    assert (await browser.get("/sign-in?next=/recordings")).headers["location"] == "/recordings"
    # The state is used up with its cookie; and one that kept the cookie has a code that is used up.
    refused(await browser.get(back), 422, "oauth_state_invalid")
    thief = await world.browser(signed_in=False)
    thief.cookies.update(flow)
    refused(await thief.get(back), 422, "oauth_code_invalid")


async def test_a_person_is_issuer_and_subject_whatever_browser_or_address(world, issuer):
    first, second, other = [await signed_in(world, issuer, login=name) for name in ("ada", "ada", "bob")]
    ids = [(await browser.get("/api/me")).json()["id"] for browser in (first, second, other)]
    assert ids[0] == ids[1] != ids[2]
    assert len((await first.get("/api/me/sessions")).json()["sessions"]) == 2
    # Whoever signs in anew has a new token, and the session this browser had before is over.
    former = await world.browser(signed_in=False)
    former.cookies.update(first.cookies)
    begin = await first.get("/sign-in/oidc")
    assert (await first.get(local(await issuer.consent(begin.headers["location"], login="bob")))).status_code == 303
    assert (await first.get("/api/me")).json()["id"] == ids[2]
    assert (await former.get("/api/me")).status_code == 401


async def test_the_providers_keys_may_change_between_two_sign_ins(world, issuer):
    await signed_in(world, issuer)
    issuer.tell("rotate")
    await signed_in(world, issuer)


@pytest.mark.usefixtures("untampered")
async def test_an_id_token_that_does_not_prove_it_lets_nobody_in(world, issuer):
    for change in ("nonce", "audience", "party", "issuer", "access", "key", "clock"):
        issuer.tell(f"tamper {change}")
        browser = await world.browser(signed_in=False)
        answer = await browser.get(local(await issuer.consent(await begun(browser))))
        refused(answer, 401, "clocks_differ" if change == "clock" else "id_token_invalid")
        assert (await browser.get("/api/me")).status_code == 401
    assert "150 min" in answer.text


async def test_a_state_that_this_browser_did_not_begin_is_refused(world, issuer):
    one, other = [await world.browser(signed_in=False) for _ in range(2)]
    back = local(await issuer.consent(await begun(one)))
    refused(await other.get(back), 422, "oauth_state_invalid")
    await begun(other)
    refused(await other.get(back), 422, "oauth_state_invalid")
    refused(await one.get(back.replace("iss=http", "iss=https")), 422, "oauth_state_invalid")
    late = await world.browser(signed_in=False)
    back = local(await issuer.consent(await begun(late)))
    world.clock.advance(minutes=10)
    refused(await late.get(back), 422, "oauth_state_invalid")


async def test_who_refuses_at_the_provider_is_told_so(world, issuer):
    browser = await world.browser(signed_in=False)
    back = local(await issuer.consent(await begun(browser), allow=False))
    refused(await browser.get(back), 422, "oauth_access_denied")


async def test_a_provider_that_calls_itself_otherwise_or_does_not_know_us(world, issuer):
    def configured(**otherwise):
        settings = world.app.settings.model_copy(update=otherwise)
        world.site.state.issuer = IdentityProvider(settings, world.app.client, world.clock)

    browser = await world.browser(signed_in=False)
    configured(oidc_issuer=f"{issuer.url}/")
    answer = await browser.get("/sign-in/oidc")
    refused(answer, 503, "provider_answer_invalid")
    assert f"names itself {issuer.url}. The operator has to set OIDC_ISSUER" in answer.text
    configured(oidc_client_secret=SecretStr("another"))
    back = local(await issuer.consent(await begun(browser)))
    refused(await browser.get(back), 409, "oauth_client_invalid")
    configured(oidc_issuer=f"http://127.0.0.1:{free_port('127.0.0.1')}")
    refused(await browser.get("/sign-in/oidc"), 503, "provider_unavailable")


async def test_nobody_is_led_to_another_site(world, issuer):
    browser = await world.browser(signed_in=False)
    sent = await browser.get("/sign-in/oidc", params={"next": "//evil.example"})
    assert (await browser.get(local(await issuer.consent(sent.headers["location"])))).headers["location"] == "/"
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"):
        assert (await browser.get("/sign-in", params={"next": wanted})).headers["location"] == "/"
