"""Decisions about one job: its revision, where it runs, its conditions, what may go. Pure."""
