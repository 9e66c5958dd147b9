"""PyG's base class, mended for subclasses of subclasses and for classes that are written again."""

import sys
from typing import Any

from torch_geometric.nn import MessagePassing


class MessageLayer(MessagePassing):  # type: ignore[misc]
    """Message passing whose subclasses obey an explainer's edge masks, however far they derive.

    PyG compiles ``propagate`` for every class when its first object is made, and keeps what it finds before as the
    form that heeds masks. In a class derived from one that was compiled, that is its parent's compiled form: it knows
    no mask, and passes the parent's arguments to ``message``. Here every class begins with PyG's own, or with what it
    or its parent wrote.

    What PyG compiled it also keeps by the names of module and class, so that a class written again under its name, in a
    notebook say, would run the form of the old one. Here that is forgotten before a class is compiled.
    """

    writes_propagate = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.writes_propagate = cls.writes_propagate or "propagate" in vars(cls)
        cls.propagate = cls.propagate if cls.writes_propagate else MessagePassing.propagate

    def _set_jittable_templates(self, raise_on_error: bool = False) -> None:
        kind = type(self)
        if "_jinja_propagate" not in vars(kind):
            for method in ("propagate", "edge_updater"):
                sys.modules.pop(f"{kind.__module__}_{kind.__name__}_{method}", None)
        super()._set_jittable_templates(raise_on_error)
