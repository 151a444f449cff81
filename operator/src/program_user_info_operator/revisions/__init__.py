"""What a job ran, runs and is to run: each revision with all that made it. Pure."""
