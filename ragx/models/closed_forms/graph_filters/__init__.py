"""Filters of the graph of items: each gives what a user has a polynomial in it, and a part of low rank."""
