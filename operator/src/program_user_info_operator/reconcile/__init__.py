"""One level-triggered `reconcile(key)`: read everything, decide, apply the difference, say so."""
