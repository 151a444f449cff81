"""What the table must hold by the topic, and how it differs."""
