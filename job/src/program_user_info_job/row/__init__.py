"""A decoded event in, a row and its write timestamp out. Pure; the contract has the rules."""
