"""A decoded event in, a row and its write timestamp out. Pure; docs/mapping.md has the rules."""
