"""`momentum sandbox`: a local Zoom, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from momentum.clock import real_clock
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox, serve


def run(*, port: int, recordings: int, faults: Sequence[str]) -> int:
    """Serve until interrupted."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(now=real_clock, port=port, recordings=recordings, faults=faults, announce=_announce))
    return 0


def _announce(sandbox: Sandbox) -> None:
    print(f"A local Zoom answers on {sandbox.base}. To use it, set:")
    print(f"  ZOOM_CLIENT_ID={CLIENT_ID}")
    print(f"  ZOOM_CLIENT_SECRET={CLIENT_SECRET}")
    print(f"  ZOOM_OAUTH_BASE={sandbox.oauth_base}")
    print(f"  ZOOM_API_BASE={sandbox.api_base}")
    print(f"Faults are switched by POST {sandbox.base}/__faults; GET shows them.", flush=True)
