"""As much of a browser as the demo needs: cookies of one site, its redirects, one consent form."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from momentum.errors import ErrorCode, Permanent
from momentum.outbound.client import Answer, ApiClient

MOST_REDIRECTS = 10


class Browser:
    """Keeps the cookies of `base` and sends them there alone."""

    def __init__(self, client: ApiClient, base: str) -> None:
        self._client = client
        self.base = base
        self._cookies: dict[str, str] = {}

    async def sign_in(self, path: str) -> Answer:
        """Press the button behind a sign-in link."""
        return await self._follow("POST", f"{self.base}{path}")

    async def consent(self, auth_url: str) -> Answer:
        """Open the provider's consent page, press Allow, and follow the way back to us."""
        page = await self._follow("GET", auth_url)
        if page.status != 200 or b"<form" not in page.body:
            return page
        # The form repeats the query in hidden fields, and adds the decision.
        fields = dict(parse_qsl(urlsplit(auth_url).query)) | {"decision": "allow"}
        return await self._follow("POST", auth_url.partition("?")[0], data=fields)

    async def json(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The JSON of one of our own routes. Raises Permanent when it refuses."""
        answer = await self._send(method, f"{self.base}{path}", body=body)
        content = answer.json()
        if answer.status >= 400 or not isinstance(content, dict):
            detail = content.get("detail") if isinstance(content, dict) else None
            raise Permanent(
                ErrorCode.PROVIDER_ANSWER_INVALID, f"{method} {path.split('?', maxsplit=1)[0]} answered {answer.status}: {detail}"
            )
        return content

    async def text(self, path: str) -> str:
        """The text of one of our own pages."""
        return (await self._send("GET", f"{self.base}{path}")).body.decode()

    async def _follow(self, method: str, url: str, data: dict[str, str] | None = None) -> Answer:
        answer = await self._send(method, url, data=data)
        for _ in range(MOST_REDIRECTS):
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            url = urljoin(url, answer.headers["location"])
            answer = await self._send("GET", url)
        raise Permanent(ErrorCode.PROVIDER_ANSWER_INVALID, "The pages led in a circle.")

    async def _send(self, method: str, url: str, *, data: dict[str, str] | None = None, body: Any = None) -> Answer:
        ours = urlsplit(url).netloc == urlsplit(self.base).netloc
        headers = {"origin": self.base, "cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())} if ours else {}
        content = {"content-type": "application/json"} if body is not None else {}
        answer = await self._client.request(method, url, headers=headers | content, data=data, json=body)
        if ours:
            self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        jar = SimpleCookie(answer.headers.get("set-cookie", ""))
        self._cookies |= {name: morsel.value for name, morsel in jar.items()}
