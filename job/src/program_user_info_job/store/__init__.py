"""Rows in, acknowledged writes out: newest per cell, batches by partition, bounded retries."""
