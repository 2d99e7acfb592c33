"""Who turns speech into words."""
