"""A local Zoom to try Momentum without an account: consent page, API, recordings, downloads, faults on switches."""

from momentum.sandbox.catalogue import ACCOUNT_ID, INSTANCE_IDS
from momentum.sandbox.server import DEFAULT_PORT, running_sandbox, serve
from momentum.sandbox.world import CLIENT_ID, CLIENT_SECRET, DEFAULT_REDIRECT_URIS, Sandbox

__all__ = [
    "ACCOUNT_ID",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "DEFAULT_PORT",
    "DEFAULT_REDIRECT_URIS",
    "INSTANCE_IDS",
    "Sandbox",
    "running_sandbox",
    "serve",
]
