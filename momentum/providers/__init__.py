"""Where recordings come from. Each provider is one file or folder of vendor facts; none knows another.

A new provider is its folder, its row in `PROVIDERS`, and its credentials table.
"""

from __future__ import annotations

from collections.abc import Callable

from momentum.model import Clock
from momentum.outbound.client import ApiClient
from momentum.outbound.limits import RateLimiter
from momentum.providers.base import Provider
from momentum.providers.zoom import Zoom
from momentum.providers.zoom.facts import configured_hosts
from momentum.settings import Settings

ProviderFactory = Callable[[Settings, ApiClient, RateLimiter, Clock], Provider | None]
"""Makes a provider from the settings; None where the operator has not set it up."""


def _zoom(settings: Settings, client: ApiClient, limiter: RateLimiter, clock: Clock) -> Provider | None:
    if not settings.zoom_client_id or not settings.zoom_client_secret:
        return None
    return Zoom(
        client,
        limiter,
        client_id=settings.zoom_client_id,
        client_secret=settings.zoom_client_secret.get_secret_value(),
        redirect_uri=settings.zoom_redirect_uri,
        oauth_base=settings.zoom_oauth_base,
        api_base=settings.zoom_api_base,
        plan=settings.zoom_plan,
        scopes=settings.zoom_scopes,
        clock=clock,
    )


PROVIDERS: dict[str, ProviderFactory] = {
    "zoom": _zoom,
}
"""Every provider by name; the name is its key in routes, tables and settings."""


def private_hosts(settings: Settings) -> frozenset[str]:
    """Hosts the operator configured in a vendor's place: the only ones that may be private or speak plain HTTP."""
    return configured_hosts((settings.zoom_oauth_base, settings.zoom_api_base))
