"""A decoded event in, a row and its write timestamp out. Pure; the rules are the contract's table."""
