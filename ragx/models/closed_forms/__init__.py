"""Models that one calculation fits: counts and draws, neighbours, and filters of the graph of items."""
