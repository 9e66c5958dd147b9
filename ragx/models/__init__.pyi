from .closed_form import ClosedForm
from .closed_forms.first_that_fits import FirstThatFits
from .closed_forms.graph_filters.cheby_cf import ChebyCF
from .closed_forms.graph_filters.gf_cf import GFCF
from .closed_forms.graph_filters.linear_filter import LinearFilter
from .closed_forms.graph_filters.turbo_cf import TurboCF
from .closed_forms.implicit_als import ImplicitALS
from .closed_forms.item_knn import ItemKNN
from .closed_forms.random_items import RandomItems
from .closed_forms.recently_popular import RecentlyPopular
from .closed_forms.rp3_beta import RP3Beta
from .ease import EASE
from .heads import Head
from .matrix_factorization import MatrixFactorization
from .mixture import Mixture
from .most_popular import MostPopular
from .node_model import NodeModel
from .progress import tell_progress
from .relevance_aware_graph import LayerFactory, RelevanceAwareGraph
from .row_model import RowModel, RowSetup
from .training_setup import Trainable, TrainingSetup

__all__ = [
    "EASE",
    "GFCF",
    "ChebyCF",
    "ClosedForm",
    "FirstThatFits",
    "Head",
    "ImplicitALS",
    "ItemKNN",
    "LayerFactory",
    "LinearFilter",
    "MatrixFactorization",
    "Mixture",
    "MostPopular",
    "NodeModel",
    "RP3Beta",
    "RandomItems",
    "RecentlyPopular",
    "RelevanceAwareGraph",
    "RowModel",
    "RowSetup",
    "Trainable",
    "TrainingSetup",
    "TurboCF",
    "tell_progress",
]
