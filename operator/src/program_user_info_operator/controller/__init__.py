"""The controller's process: what the watches tell becomes reconciliations. Only here is kopf."""
