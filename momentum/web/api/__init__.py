"""The JSON API: who may, which input, one call, one answer."""
