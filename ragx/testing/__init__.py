"""Contracts that users run on layers of their own."""

from ragx.testing.contract import check_layer

__all__ = ["check_layer"]
