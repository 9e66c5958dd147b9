"""Sweeps: the cells of a grid × seeds and how they are run."""
