"""Models that one calculation fits."""
