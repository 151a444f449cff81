"""What the cluster measures of itself, by a real Prometheus, and pictures of it."""
