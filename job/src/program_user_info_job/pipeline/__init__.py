"""The Flink wiring and nothing else: source, write stage, dead-letter sink."""
