"""The Program User Info job: Kafka events in, one Cassandra row per program and user out."""
