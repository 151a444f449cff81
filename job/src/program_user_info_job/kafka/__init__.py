"""Kafka: the clients' properties, topics and starting offsets, events sent, dead letters read."""
