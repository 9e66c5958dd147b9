"""Ways to split a dataset."""
