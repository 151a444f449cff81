"""Events from Kafka to Cassandra: all that takes part are processes of this machine."""
