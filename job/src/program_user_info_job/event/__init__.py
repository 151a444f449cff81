"""Bytes in, a decoded event or a rejection out. Pure; knows neither Flink nor Cassandra."""
