"""The development environment: an embedded cluster with all that the operator and the job need."""
