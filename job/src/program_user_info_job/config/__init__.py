"""The configuration file: its types, and how it is read and checked."""
