"""The commands: thin shells over the other packages."""
