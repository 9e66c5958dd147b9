from .contract import check_layer

__all__ = [
    "check_layer",
]
