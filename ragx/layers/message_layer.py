"""PyG's base class, mended for subclasses of subclasses."""

from typing import Any

from torch_geometric.nn import MessagePassing


class MessageLayer(MessagePassing):  # type: ignore[misc]
    """Message passing whose subclasses obey an explainer's edge masks, however far they derive.

    PyG compiles ``propagate`` for every class when its first object is made, and keeps what it finds before as the
    form that heeds masks. In a class derived from one that was compiled, that is its parent's compiled form: it knows
    no mask, and passes the parent's arguments to ``message``. Here every class begins with PyG's own.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "propagate" not in vars(cls):
            cls.propagate = MessagePassing.propagate
