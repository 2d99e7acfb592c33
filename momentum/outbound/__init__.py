"""How Momentum calls anyone: clients, limits, and the translation of answers into words for failure."""
