"""What the experiments share: the command line, the course of a run and its summary."""
