"""Dotted paths that parts had before their public names, so that earlier configs and run folders go on loading."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

FORMER = {
    "ragx.data.attributes.AttributeTable": "ragx.data.AttributeTable",
    "ragx.data.batches.Batch": "ragx.data.Batch",
    "ragx.data.batches.PairBatches": "ragx.data.PairBatches",
    "ragx.data.cold.cold_items_split": "ragx.data.cold_items_split",
    "ragx.data.cold.cold_users_split": "ragx.data.cold_users_split",
    "ragx.data.dataset.Dataset": "ragx.data.Dataset",
    "ragx.data.dataset.Truth": "ragx.data.Truth",
    "ragx.data.filters.Filter": "ragx.data.Filter",
    "ragx.data.filters.KCore": "ragx.data.KCore",
    "ragx.data.filters.KindsOfEvent": "ragx.data.KindsOfEvent",
    "ragx.data.filters.MinimumValue": "ragx.data.MinimumValue",
    "ragx.data.filters.Period": "ragx.data.Period",
    "ragx.data.ids.IdMap": "ragx.data.IdMap",
    "ragx.data.interactions.Interactions": "ragx.data.Interactions",
    "ragx.data.leave_last_out.leave_last_out_split": "ragx.data.leave_last_out_split",
    "ragx.data.lines.line_files": "ragx.data.line_files",
    "ragx.data.lines.read_lines": "ragx.data.read_lines",
    "ragx.data.negatives.NegativeSampler": "ragx.data.NegativeSampler",
    "ragx.data.negatives.Negatives": "ragx.data.Negatives",
    "ragx.data.negatives.TrainPairs": "ragx.data.TrainPairs",
    "ragx.data.origins.origin_split": "ragx.data.origin_split",
    "ragx.data.recbole.recbole_files": "ragx.data.recbole_files",
    "ragx.data.rules.EventRules": "ragx.data.EventRules",
    "ragx.data.sequences.sequence_file": "ragx.data.sequence_file",
    "ragx.data.shop.generated_shop": "ragx.data.generated_shop",
    "ragx.data.split.Events": "ragx.data.Events",
    "ragx.data.split.SealedTest": "ragx.data.SealedTest",
    "ragx.data.split.Split": "ragx.data.Split",
    "ragx.data.splitters.default_split": "ragx.data.default_split",
    "ragx.data.splitters.published_split": "ragx.data.published_split",
    "ragx.data.splitters.random_split": "ragx.data.random_split",
    "ragx.data.splitters.time_split": "ragx.data.time_split",
    "ragx.data.sql.sql_query": "ragx.data.sql_query",
    "ragx.data.table.json_lines_file": "ragx.data.json_lines_file",
    "ragx.data.table.parquet_file": "ragx.data.parquet_file",
    "ragx.data.table.read_table": "ragx.data.read_table",
    "ragx.data.table.table_file": "ragx.data.table_file",
    "ragx.data.user_time.user_time_split": "ragx.data.user_time_split",
    "ragx.evaluation.conventions.Conventions": "ragx.evaluation.Conventions",
    "ragx.evaluation.diagnostics.Diagnostics": "ragx.evaluation.Diagnostics",
    "ragx.evaluation.diagnostics.LayerDiagnostics": "ragx.evaluation.LayerDiagnostics",
    "ragx.evaluation.diagnostics.NoDiagnostics": "ragx.evaluation.NoDiagnostics",
    "ragx.evaluation.evaluate.EvaluationResult": "ragx.evaluation.EvaluationResult",
    "ragx.evaluation.per_user_run.PerUserRun": "ragx.evaluation.PerUnitRun",
    "ragx.evaluation.protocol.Protocol": "ragx.evaluation.Protocol",
    "ragx.evaluation.significance.compare": "ragx.evaluation.compare",
    "ragx.evaluation.significance.compare_table": "ragx.evaluation.compare_table",
    "ragx.evaluation.significance.holm": "ragx.evaluation.holm",
    "ragx.graph.adjacency.Adjacency": "ragx.graph.Adjacency",
    "ragx.graph.build.build_graph": "ragx.graph.build_graph",
    "ragx.graph.from_data.graph_from_data": "ragx.graph.graph_from_data",
    "ragx.graph.graph.Graph": "ragx.graph.Graph",
    "ragx.graph.weights.ByKind": "ragx.graph.ByKind",
    "ragx.graph.weights.EdgeWeight": "ragx.graph.EdgeWeight",
    "ragx.graph.weights.LogCount": "ragx.graph.LogCount",
    "ragx.graph.weights.Recency": "ragx.graph.Recency",
    "ragx.graph.weights.RowNorm": "ragx.graph.RowNorm",
    "ragx.graph.weights.SymmetricNorm": "ragx.graph.SymmetricNorm",
    "ragx.graph.weights.Uniform": "ragx.graph.Uniform",
    "ragx.graph.weights.Value": "ragx.graph.Value",
    "ragx.layers.light_conv.LightConv": "ragx.layers.LightConv",
    "ragx.layers.message_layer.MessageLayer": "ragx.layers.MessageLayer",
    "ragx.layers.ngcf_conv.NGCFConv": "ragx.layers.NGCFConv",
    "ragx.layers.pyg_adapter.PyGConv": "ragx.layers.PyGConv",
    "ragx.layers.readout.Readout": "ragx.layers.Readout",
    "ragx.layers.relational_conv.RelationalConv": "ragx.layers.RelationalConv",
    "ragx.layers.relevance_attention_conv.RelevanceAttentionConv": "ragx.layers.RelevanceAttentionConv",
    "ragx.layers.relevance_conv.RelevanceConv": "ragx.layers.RelevanceConv",
    "ragx.layers.time_decay_conv.TimeDecayConv": "ragx.layers.TimeDecayConv",
    "ragx.models.most_popular.MostPopular": "ragx.models.MostPopular",
    "ragx.models.relevance_aware_graph.LayerFactory": "ragx.models.LayerFactory",
    "ragx.models.relevance_aware_graph.RelevanceAwareGraph": "ragx.models.RelevanceAwareGraph",
    "ragx.objectives.base.Objective": "ragx.objectives.Objective",
    "ragx.objectives.base.ViewObjective": "ragx.objectives.ViewObjective",
    "ragx.objectives.in_batch_softmax.InBatchSoftmax": "ragx.objectives.InBatchSoftmax",
    "ragx.objectives.pairwise.BayesianPersonalizedRanking": "ragx.objectives.BayesianPersonalizedRanking",
    "ragx.objectives.sampled_softmax.SampledSoftmax": "ragx.objectives.SampledSoftmax",
    "ragx.objectives.views.View": "ragx.objectives.View",
    "ragx.objectives.views.Views": "ragx.objectives.Views",
    "ragx.training.engine.Engine": "ragx.training.Engine",
    "ragx.training.progress.ProgressView": "ragx.training.ProgressView",
    "ragx.training.schedule.Schedule": "ragx.training.Schedule",
    "ragx.training.state.FitResult": "ragx.training.FitResult",
    "ragx.training.stopping.Stopping": "ragx.training.Stopping",
    "ragx.training.trackers.NoTracker": "ragx.training.NoTracker",
    "ragx.training.trackers.Tracker": "ragx.training.Tracker",
    "ragx.training.trainer.Trainer": "ragx.training.Trainer",
    "ragx.training.wandb_tracker.WandbTracker": "ragx.training.WandbTracker",
}
"""The public name of every part by the path of its module, as version 0.1.0 and development up to 0.2.0 wrote it."""

TARGET = "_target_"


def with_public_names(value: Any) -> Any:
    """Return a config in which every part is named by its public name."""
    if isinstance(value, Mapping):
        renamed = {name: with_public_names(inner) for name, inner in value.items()}
        target = renamed.get(TARGET)
        return renamed | {TARGET: FORMER.get(target, target)} if isinstance(target, str) else renamed
    return [with_public_names(inner) for inner in value] if isinstance(value, list) else value


def public_name(target: Callable[..., Any], name: str) -> str:
    """Return the name that its package gives a part of ragx under, or, where there is none, the dotted path ``name``.

    Args:
        target: class or function.
        name: the dotted path that it was found by.
    """
    module, own = getattr(target, "__module__", None) or "", getattr(target, "__name__", "")
    package = ".".join(module.split(".")[:2])
    if not module.startswith("ragx.") or own not in getattr(sys.modules.get(package), "__all__", ()):
        return name
    return f"{package}.{own}" if getattr(sys.modules[package], own) is target else name
