from .adjacency import Adjacency
from .build import build_graph
from .from_data import graph_from_data
from .graph import Graph
from .weights import ByKind, EdgeWeight, LogCount, Recency, RowNorm, SymmetricNorm, Uniform, Value

__all__ = [
    "Adjacency",
    "ByKind",
    "EdgeWeight",
    "Graph",
    "LogCount",
    "Recency",
    "RowNorm",
    "SymmetricNorm",
    "Uniform",
    "Value",
    "build_graph",
    "graph_from_data",
]
