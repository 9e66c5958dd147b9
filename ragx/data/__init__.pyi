from .batches import Batch, PairBatches
from .cleaning.filters import Filter, KCore, KindsOfEvent, MinimumValue, Period
from .cleaning.rules import EventRules
from .dataset import Dataset, Truth
from .generated.shop import generated_shop
from .ids.id_map import IdMap
from .interactions import Interactions
from .negatives import Negatives, NegativeSampler, TrainPairs
from .problem import Problem, Sealed
from .readers.attributes import AttributeTable
from .readers.lines import line_files, read_lines
from .readers.recbole import recbole_files
from .readers.sequences import sequence_file
from .readers.sql import sql_query
from .readers.table import json_lines_file, parquet_file, read_table, table_file
from .split import Events, SealedTest, Split
from .splits.cold import cold_items_split, cold_users_split
from .splits.leave_last_out import leave_last_out_split
from .splits.origins import origin_split
from .splits.splitters import default_split, published_split, random_split, time_split
from .splits.user_time import user_time_split

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
    "Problem",
    "Sealed",
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
