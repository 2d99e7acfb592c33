"""One download request with its redirects walked by hand, so that a token stays with the host it was given for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from momentum.errors import ErrorCode, Permanent
from momentum.outbound.addresses import check_url, normalise_host

_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def may_send_token(url: str, token_hosts: Sequence[str]) -> bool:
    """Whether the host of `url` stands on the list; an entry with a leading "." stands for the host and all below it."""
    host = normalise_host(urlsplit(url).hostname or "")
    return any(host == allowed.lstrip(".") or (allowed.startswith(".") and host.endswith(allowed)) for allowed in token_hosts)


async def get(
    session: aiohttp.ClientSession,
    url: str,
    *,
    token: str | None,
    token_hosts: Sequence[str],
    private_hosts: frozenset[str],
    headers: Mapping[str, str],
) -> aiohttp.ClientResponse:
    """The answer at the end of the redirects, its body unread.

    The token goes to the first host alone, and only when it is allowed to have it: the address a
    vendor redirects to carries its own signature. Raises Permanent(ADDRESS_REFUSED, DOWNLOAD_REFUSED)
    and aiohttp's own errors.
    """
    check_url(url, private_hosts=private_hosts)
    first = _origin(url)
    may_have = token is not None and may_send_token(url, token_hosts)
    for _ in range(_MAX_REDIRECTS + 1):
        sent = {**headers, "Authorization": f"Bearer {token}"} if may_have and _origin(url) == first else headers
        # A signature covers the URL as it is written: it must not be quoted anew.
        response = await session.get(URL(url, encoded=True), headers=sent, allow_redirects=False)
        target = response.headers.get("Location")
        if response.status not in _REDIRECTS or target is None:
            return response
        response.close()
        url = _target(url, target, private_hosts)
    raise Permanent(ErrorCode.DOWNLOAD_REFUSED, "The download is redirected again and again.")


def _target(url: str, location: str, private_hosts: frozenset[str]) -> str:
    """Where a redirect leads. Raises Permanent(ADDRESS_REFUSED)."""
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location  # refused below, without being shown
    check_url(target, private_hosts=private_hosts)
    return target


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, normalise_host(parts.hostname or ""), parts.port
