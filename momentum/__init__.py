"""Minutes you can trust, from a team's recordings."""
