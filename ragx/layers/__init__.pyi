from .light_conv import LightConv
from .message_layer import MessageLayer
from .ngcf_conv import NGCFConv
from .pyg_adapter import PyGConv
from .readout import Readout
from .relational_conv import RelationalConv
from .relevance_attention_conv import RelevanceAttentionConv
from .relevance_conv import RelevanceConv
from .time_decay_conv import TimeDecayConv

__all__ = [
    "LightConv",
    "MessageLayer",
    "NGCFConv",
    "PyGConv",
    "Readout",
    "RelationalConv",
    "RelevanceAttentionConv",
    "RelevanceConv",
    "TimeDecayConv",
]
