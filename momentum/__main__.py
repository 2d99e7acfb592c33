"""`python -m momentum` is `momentum`."""

from momentum.cli import main

main()
