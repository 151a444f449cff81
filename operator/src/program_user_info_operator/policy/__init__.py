"""What the observed state means: the conditions, and what may be cleaned up. Pure, clock injected."""
