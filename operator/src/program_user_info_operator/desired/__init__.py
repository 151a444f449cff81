"""A resolved spec in, the objects that should exist out. Pure; golden files show the result."""
