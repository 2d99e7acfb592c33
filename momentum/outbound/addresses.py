"""Which addresses we connect to.

A URL that a vendor hands out could point at this machine or its neighbours. So the address that was
checked is the address that is connected to: names are resolved once, every answer is judged, and
the connection goes to the judged number (a second look-up could give another one).

Hosts in `private_hosts` are those the operator configured; they may be private and may speak plain HTTP. An entry with a port
("127.0.0.1:41001") allows that port alone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from momentum.errors import ErrorCode, Permanent

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# https://www.rfc-editor.org/rfc/rfc6052: the prefix behind which a network puts IPv4 addresses.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet; an IPv6 address that carries an IPv4 one is judged by both."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.is_global and not ip.is_multicast and all(is_public(str(inner)) for inner in _carried(ip))


def _carried(ip: IPAddress) -> Iterable[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    found = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64:
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def check_url(url: str, *, private_hosts: frozenset[str]) -> str:
    """The host of `url`, in lower case, when its form may be called at all.

    https only, http for configured hosts; no user name, no private IP address written out. Names
    are judged when they are resolved. Raises Permanent(ADDRESS_REFUSED); the error never shows the URL.
    """
    try:
        parts = urlsplit(url)
        host, port = normalise_host(parts.hostname or ""), parts.port or {"http": 80}.get(parts.scheme, 443)
        host.encode("idna")  # what the look-up of names does: an empty label, or one of 64 letters, is none
    except ValueError:
        raise _refused("It is not a valid URL.") from None
    if not host or parts.username is not None or parts.password is not None:
        raise _refused("It names no host, or a user.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_configured(host, port, private_hosts)):
        raise _refused("Only https is allowed.")
    if _is_literal(host):
        check_addresses(host, [host], private_hosts=private_hosts, port=port)
    return host


def check_addresses(host: str, addresses: Iterable[str], *, private_hosts: frozenset[str], port: int = 443) -> None:
    """Refuse a host with a private, loopback, link-local or otherwise special address. Raises Permanent(ADDRESS_REFUSED)."""
    if not _is_configured(normalise_host(host), port, private_hosts) and not all(is_public(address) for address in addresses):
        raise _refused("It leads into a private network.")


def _is_configured(host: str, port: int, private_hosts: frozenset[str]) -> bool:
    return host in private_hosts or f"{host}:{port}" in private_hosts


def normalise_host(host: str) -> str:
    """A host name as it is compared: lower case, without brackets and final dot."""
    return host.strip("[]").rstrip(".").lower()


async def resolve(host: str, port: int, *, private_hosts: frozenset[str], family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
    """The addresses of `host`, all of them checked. Raises Permanent(ADDRESS_REFUSED), or OSError when there are none."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
    found = [
        ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST)
        for kind, _, proto, _, address in infos
    ]
    check_addresses(host, [one["host"] for one in found], private_hosts=private_hosts, port=port)
    return found


class CheckedResolver(AbstractResolver):
    """aiohttp's look-up of names, refusing what `check_addresses` refuses and remembering the private addresses it allowed."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = private_hosts
        self.allowed = {entry for entry in private_hosts if _is_literal(entry) or _is_literal(entry.rpartition(":")[0])}

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        found = await resolve(host, port, private_hosts=self._private_hosts, family=family)
        if normalise_host(host) in self._private_hosts:
            self.allowed.update(one["host"] for one in found)
        elif _is_configured(normalise_host(host), port, self._private_hosts):
            self.allowed.update(f"{one['host']}:{port}" for one in found)
        return found

    async def close(self) -> None:
        """Nothing is held."""


def checked_connector(private_hosts: frozenset[str], *, limit: int = 100) -> aiohttp.TCPConnector:
    """An aiohttp connector that opens no socket to a refused address, whether written out or looked up.

    The connection attempt raises Permanent(ADDRESS_REFUSED) as it is, not wrapped into a ClientError.
    Call it inside the running loop.
    """
    resolver = CheckedResolver(private_hosts)

    def open_socket(info: aiohttp.AddrInfoType) -> socket.socket:
        # aiohttp asks no resolver for an address written out, so the last check stands here.
        family, kind, proto, _, address = info
        if not _is_configured(str(address[0]), int(address[1]), frozenset(resolver.allowed)) and not is_public(str(address[0])):
            raise _refused("It leads into a private network.")
        return socket.socket(family, kind, proto)

    return aiohttp.TCPConnector(resolver=resolver, socket_factory=open_socket, limit=limit)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refused(why: str) -> Permanent:
    return Permanent(ErrorCode.ADDRESS_REFUSED, f"Momentum does not connect to this address. {why}")
