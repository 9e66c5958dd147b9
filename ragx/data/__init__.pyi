from .attributes import AttributeTable
from .batches import Batch, PairBatches
from .cold import cold_items_split, cold_users_split
from .dataset import Dataset, Truth
from .filters import Filter, KCore, KindsOfEvent, MinimumValue, Period
from .ids import IdMap
from .interactions import Interactions
from .leave_last_out import leave_last_out_split
from .lines import line_files, read_lines
from .negatives import Negatives, NegativeSampler, TrainPairs
from .origins import origin_split
from .recbole import recbole_files
from .rules import EventRules
from .sequences import sequence_file
from .shop import generated_shop
from .split import Events, SealedTest, Split
from .splitters import default_split, published_split, random_split, time_split
from .sql import sql_query
from .table import json_lines_file, parquet_file, read_table, table_file
from .user_time import user_time_split

__all__ = [
    "AttributeTable",
    "Batch",
    "Dataset",
    "EventRules",
    "Events",
    "Filter",
    "IdMap",
    "Interactions",
    "KCore",
    "KindsOfEvent",
    "MinimumValue",
    "NegativeSampler",
    "Negatives",
    "PairBatches",
    "Period",
    "SealedTest",
    "Split",
    "TrainPairs",
    "Truth",
    "cold_items_split",
    "cold_users_split",
    "default_split",
    "generated_shop",
    "json_lines_file",
    "leave_last_out_split",
    "line_files",
    "origin_split",
    "parquet_file",
    "published_split",
    "random_split",
    "read_lines",
    "read_table",
    "recbole_files",
    "sequence_file",
    "sql_query",
    "table_file",
    "time_split",
    "user_time_split",
]
