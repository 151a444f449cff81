"""A single-node Kubernetes on this machine: the real programs, started as plain processes."""
