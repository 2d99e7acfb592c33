"""Zoom: facts, parsing, faults, calls, listing, and the provider made of them."""

from momentum.providers.zoom.provider import Zoom

__all__ = ["Zoom"]
