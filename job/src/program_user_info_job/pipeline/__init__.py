"""The start of the job, and Flink's wiring: source, write stage, dead-letter sink."""
