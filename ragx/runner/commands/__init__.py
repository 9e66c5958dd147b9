"""What the commands beside runs, sweeps and searches do."""
