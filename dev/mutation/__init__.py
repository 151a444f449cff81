"""Mutation testing: whether the unit tests notice a decision that is another one."""
