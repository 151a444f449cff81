"""The configuration file: its types, how it is read, the client settings that follow."""
