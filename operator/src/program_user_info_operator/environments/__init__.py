"""CR over profile over default: one complete spec, and where each value of it came from."""
