"""The figures Momentum is held to, measured against real processes: `make bench`. What each means stands in docs/reference/figures.md."""
