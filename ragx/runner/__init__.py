"""What the commands share: the command line, the course of a run and its summary."""
