"""What the observed state means: conditions, and what may go. Pure, the clock injected."""
