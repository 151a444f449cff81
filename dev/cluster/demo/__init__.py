"""The demonstration: events in, rows out, compared with an independent fold of the events."""
