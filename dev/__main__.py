"""`python -m dev COMMAND`: what the Makefile calls."""

from __future__ import annotations

from dev.cli import main

main()
