"""Readers: every way in which a dataset comes in."""
