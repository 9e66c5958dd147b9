"""Datasets that are made, so that the truth behind them is known."""
