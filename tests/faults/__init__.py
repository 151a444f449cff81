"""The controller under faults, against an API server and an etcd of its own."""
