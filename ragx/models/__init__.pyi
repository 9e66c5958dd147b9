from .closed_form import ClosedForm
from .closed_forms.item_knn import ItemKNN
from .ease import EASE
from .heads import Head
from .matrix_factorization import MatrixFactorization
from .most_popular import MostPopular
from .node_model import NodeModel
from .relevance_aware_graph import LayerFactory, RelevanceAwareGraph
from .row_model import RowModel, RowSetup
from .training_setup import Trainable, TrainingSetup

__all__ = [
    "EASE",
    "ClosedForm",
    "Head",
    "ItemKNN",
    "LayerFactory",
    "MatrixFactorization",
    "MostPopular",
    "NodeModel",
    "RelevanceAwareGraph",
    "RowModel",
    "RowSetup",
    "Trainable",
    "TrainingSetup",
]
