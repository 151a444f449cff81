"""What a user would pick instead, as they would write it, on the same topic and table."""
