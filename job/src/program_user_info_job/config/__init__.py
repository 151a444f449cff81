"""The configuration file: its types, how it is read, and the client settings that follow from it."""
