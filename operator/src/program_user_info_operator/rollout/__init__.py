"""How releases, profiles and Secrets reach the jobs: in waves, by what the statuses say. Pure."""
