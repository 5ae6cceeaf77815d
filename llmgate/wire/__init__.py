"""What the gateway and its clients say to each other; the terminal UI imports nothing else."""
