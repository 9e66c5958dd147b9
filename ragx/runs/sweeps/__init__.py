"""Sweeps: what they planned, what became of it, and their results joined."""
