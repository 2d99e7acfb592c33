"""`momentum sandbox`: a local Zoom, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from momentum.clock import real_clock
from momentum.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox, serve
from momentum.sandbox.world import DEFAULT_REDIRECT_URIS


def run(
    *,
    port: int,
    recordings: int,
    faults: Sequence[str],
    redirect_uris: Sequence[str] = (),
    classic_scopes: bool = False,
    extra_scopes: Sequence[str] = (),
    auto_approve: bool = False,
) -> int:
    """Serve until interrupted. `redirect_uris` empty: those of Momentum itself."""
    work = serve(
        now=real_clock,
        port=port,
        recordings=recordings,
        faults=faults,
        redirect_uris=redirect_uris or DEFAULT_REDIRECT_URIS,
        classic_scopes=classic_scopes,
        extra_scopes=extra_scopes,
        auto_approve=auto_approve,
        announce=_announce,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work)
    return 0


def _announce(sandbox: Sandbox) -> None:
    print(f"A local Zoom answers on {sandbox.base}. To use it, set:")
    print(f"  ZOOM_CLIENT_ID={CLIENT_ID}")
    print(f"  ZOOM_CLIENT_SECRET={CLIENT_SECRET}")
    print(f"  ZOOM_OAUTH_BASE={sandbox.oauth_base}")
    print(f"  ZOOM_API_BASE={sandbox.api_base}")
    print(f"Faults are switched by POST {sandbox.base}/__faults; GET shows them.", flush=True)
