"""What a run is called, so that a list of run folders tells what each of them is.

A folder is called ``<label>-<identity>``. The label is a help to the eye alone: the identity finds a run, so that a run
keeps its folder where it is given another name.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from ragx.checks import check
from ragx.former_names import TARGET
from ragx.learners.given import OF_TASK

RANK, RELEVANCE_AWARE, PYG = "ragx.tasks.Rank", "ragx.models.RelevanceAwareGraph", "ragx.layers.PyGConv"
USUAL_GRAPH = ("build_graph", "symmetric_norm")
SHORT = {
    "ragx.models.MatrixFactorization": "mf",
    "ragx.objectives.BayesianPersonalizedRanking": "bpr",
    "ragx.objectives.BilateralSoftmax": "bsl",
    "ragx.objectives.CosineContrastive": "simplex",
    "ragx.objectives.DirectAU": "directau",
    "ragx.objectives.InBatchSoftmax": "softmax",
    "ragx.objectives.SimGCL": "simgcl",
    "ragx.objectives.XSimGCL": "xsimgcl",
}
LIGHTGCN = {"readout": "mean", "similarity": "inner_product", "popularity_prior": 0}
"""What makes plain sums over the symmetric graph the published model."""

LONGEST_LABEL, LONGEST_DATASET, LONGEST_PIECE = 160, 64, 32
"""In bytes; a run that is set aside, or copied, has a longer name, and a file system takes 255."""

LONGEST_GIVEN = 100
GIVEN = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_-]{{0,{LONGEST_GIVEN - 1}}}")


def run_label(config: Mapping[str, Any], dataset: str, settings: Mapping[str, Any]) -> str:
    """Return the label of a run, such as ``ml-100k-lightgcn-3l-bpr``, or the one that was given as ``name``.

    Args:
        config: the parts with every default, as :meth:`ragx.parts.Part.as_dict` gives them.
        dataset: name of the data.
        settings: ``name``, ``seed``, ``features`` and those of the task, where they are set.
    """
    if settings.get("name"):
        return str(settings["name"])
    seed = settings.get("seed")
    pieces = [_fitting(dataset, LONGEST_DATASET), configuration_label(config, settings)]
    return _cut("-".join([*pieces, f"seed{seed}"] if seed else pieces), LONGEST_LABEL)


def configuration_label(config: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Return what a run is called apart from data and seed: task, model, depth, objective, and what is unusual.

    A ranking, the usual task, is not named.

    Args:
        config: the parts with every default.
        settings: as in :func:`run_label`.
    """
    graph = _graph(config)
    layers = _of(config, "model").get("num_layers")
    is_deep = isinstance(layers, int) and not isinstance(layers, bool) and layers > 0
    pieces = [
        "" if _of(config, "task").get(TARGET) == RANK else _short(config, "task"),
        _model(config, bool(settings.get("features"))),
        f"{layers}l" if is_deep else "",
        _short(config, "objective"),
        "" if graph in USUAL_GRAPH else graph,
        "features" if settings.get("features") else "",
        *(str(settings.get(name) or "") for name in OF_TASK),
        "refit" if _of(config, "trainer").get("refit") else "",
    ]
    return "-".join(filter(None, (_fitting(piece, LONGEST_PIECE) for piece in pieces))) or "run"


def check_given_name(name: Any) -> None:
    """Check the name that somebody gives a run.

    Raises:
        ValueError: it is no plain name; ``None`` is one that is made.
    """
    check(
        name is None or (isinstance(name, str) and GIVEN.fullmatch(name) is not None),
        f"name: expected null or at most {LONGEST_GIVEN} letters, digits, '_' and '-', no number alone and no '-' "
        f"first; got {str(name)[:LONGEST_GIVEN]!r}.",
    )


def _model(config: Mapping[str, Any], features: bool) -> str:
    """Return the class of a model; of a relevance-aware one, whose layers make it, that of its layers."""
    model = _of(config, "model")
    if model.get(TARGET) != RELEVANCE_AWARE:
        return _short(config, "model")
    if model.get("num_layers") == 0:
        return "mf"  # matrix factorisation
    layer = _short(config, "layer")
    is_published = all(model.get(name) == value for name, value in LIGHTGCN.items()) and not features
    return "lightgcn" if (layer, _graph(config), is_published) == ("light", "symmetric_norm", True) else layer


def _graph(config: Mapping[str, Any]) -> str:
    graph = _of(config, "graph")
    return _short(graph, "weight") if isinstance(graph.get("weight"), Mapping) else _short(config, "graph")


def _short(config: Mapping[str, Any], part: str) -> str:
    """Return the name of a part's class in small letters, as it stands where the class is somebody's own."""
    described = _of(config, part)
    target = str(described.get(TARGET) or "")
    if target == PYG:
        target = str(described.get("conv"))
    own = target.rpartition(".")[2]
    if target in SHORT or not target.startswith(("ragx.", "torch_geometric.")):
        return SHORT.get(target, own)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", own.removesuffix("Conv") or own).lower()


def _of(config: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    described = config.get(part)
    return described if isinstance(described, Mapping) else {}


def _fitting(text: str, longest: int) -> str:
    """Return a text as it can stand within the name of a folder: letters, digits, ``_`` and ``-``."""
    kept = "".join(mark if mark in "_-" or unicodedata.category(mark)[0] in "LMN" else "_" for mark in text)
    return _cut(kept.strip("_-"), longest)


def _cut(text: str, longest: int) -> str:
    return text.encode()[:longest].decode(errors="ignore").rstrip("_-")
