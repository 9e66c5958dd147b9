"""Advice on data and parts, by the command that is refused: what is advised is put on it, and it goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest

TINY = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
SHORT = "tracker=none trainer.max_epochs=1 model.hidden_dim=8 threads=1"
CSV, TIME, VALUE = "dataset=csv dataset.path={}.csv", "dataset.columns.time=time", "dataset.columns.value=value"
AUDIT, TIMED = f"audit {CSV}", f"audit {CSV} {TIME}"
RUN, SHOP_RUN = f"run {TINY} {SHORT}", f"run {CSV} {TIME} {SHORT}"
UNTIMED_RUN = f"run {CSV} {SHORT}".format("orders")
ATTRIBUTES = "ragx.data.AttributeTable"
ITEMS = f"'dataset.items={{_target_: {ATTRIBUTES}, path: prices.csv, id: item, columns: {{price: number}}}}'"

ROWS = {
    "choose split=leave_last_out, since each user's events stand in order of time, or split=random": (
        "audit dataset=beauty dataset.path=lists.txt dataset.item_attributes=null split=time",
        ("split=leave_last_out", "split=random"),
    ),
    "dataset.rules.empty_ids=drop leaves them out": (AUDIT.format("empty"), ("dataset.rules.empty_ids=drop",)),
    "dataset.rules.negative=drop leaves them out, dataset.rules.negative=keep takes them as they are": (
        f"{AUDIT.format('negative')} {VALUE}",
        ("dataset.rules.negative=drop", "dataset.rules.negative=keep"),
    ),
    "Set dataset.rules.duplicates=last, or first, sum or keep": (
        f"{AUDIT.format('repeated')} dataset.rules.duplicates=error",
        ("dataset.rules.duplicates=last",),
        [f"dataset.rules.duplicates={policy}" for policy in ("first", "sum", "keep")],
    ),
    "the events have no …: they carry …. Name their column: dataset.columns.…=…": (
        f"{AUDIT.format('orders')} 'dataset.rules.filters=[{{_target_: ragx.data.MinimumValue, at_least: 1}}]'",
        ("dataset.columns.value=…value",),
    ),
    "the events have no …: they carry …. Name their column": (
        f"{AUDIT.format('orders')} 'dataset.rules.filters=[{{_target_: ragx.data.Period, first: 2020-01-01}}]'",
        ("dataset.columns.time=…time",),
    ),
    "has no timestamps, so it cannot be split by time": (f"{AUDIT.format('orders')} split=time", ("split=random",)),
    "name the column that says them with dataset.columns.part, or choose split=random or split=time": (
        f"{TIMED.format('orders')} split=published",
        ("split=random", "split=time"),
    ),
    "or choose split=random or split=time": (f"{AUDIT.format('orders')} split=published", ("split=random",)),
    "hold a fraction of each user's train items out with split=published split.validation=0.1, or add that part": (
        f"{AUDIT.format('published')} dataset.columns.part=part split=published",
        ("split=published split.validation=0.1",),
        ("dataset.path=three_parts.csv",),
    ),
    "Choose split=published, with split.validation=0.1 where no validation part was published": (
        f"{AUDIT.format('three_parts')} dataset.columns.part=part split=random",
        ("split=published", "split.pool_published=true"),
    ),
    "Where quotes are letters like others, set ….quote=null": (
        f"{AUDIT.format('orders')} 'dataset.items={{_target_: {ATTRIBUTES}, path: titles.csv, id: item}}'",
        ("++dataset.items.quote=null",),
    ),
    "name their column (dataset.columns.kind=…) or leave target_kind=null": (
        f"{SHOP_RUN.format('orders')} target_kind=buy",
        ("dataset.columns.kind=…kind", "target_kind=null"),
    ),
    "set dataset.columns.value=… or graph=symmetric": (
        f"{SHOP_RUN.format('orders')} graph=value",
        ("dataset.columns.value=…value", "graph=symmetric"),
    ),
    "set dataset.columns.time=…, or graph=symmetric": (
        f"{UNTIMED_RUN} graph=recency",
        ("dataset.columns.time=…time", "graph=symmetric"),
    ),
    "name their column (dataset.columns.time=…), or use another layer": (
        f"{UNTIMED_RUN} layer=time_decay",
        ("dataset.columns.time=…time",),
        ("layer=light",),
    ),
    "none of the … users with held-out items has train interactions; choose evaluation.cold_users=popularity or": (
        f"{RUN} split=cold_users",
        ("evaluation.cold_users=popularity",),
        ("evaluation.cold_users=model",),
    ),
    "; use layer.edge_weight=auto to go without": (
        f"{RUN} layer=sage layer.edge_weight=required",
        ("layer.edge_weight=auto",),
    ),
    " unless layer.options.edge_dim=1": (
        f"{RUN} layer=transformer layer.edge_weight=required",
        ("layer.options.edge_dim=1",),
    ),
    "options: … requires …; set …": (
        f"{RUN} layer=sage layer.conv=torch_geometric.nn.ChebConv",
        ("+layer.options.K=…2",),
    ),
    "…: a value is required; set it with …=…": ("audit dataset=csv", ("dataset.path=…orders.csv",)),
    "several values are a sweep, so add -m; a list is written …=[…]": (f"{RUN} seed=0,1", ("-m",)),
    "seeds: several seeds are a sweep; add -m, or give one with seed=0": (
        f"{RUN} seeds=2",
        ("-m",),
        ("seeds=null seed=0",),
    ),
    "dry_run: only a sweep can be looked at before it runs; add -m": (f"{RUN} dry_run=true", ("-m",)),
    "there is one already; write …=… without the +": (f"audit {TINY} +split=time", ("split=…time",)),
    "set dataset.rules.before_split=[duplicates,filters] or dataset.rules.before_split=[]": (
        f"{TIMED.format('orders')} {VALUE} dataset.rules.duplicates=sum dataset.rules.before_split=[filters] "
        "'dataset.rules.filters=[{_target_: ragx.data.MinimumValue, at_least: 1}]'",
        ("dataset.rules.before_split=[duplicates,filters]", "dataset.rules.before_split=[]"),
    ),
    "set its _target_ to a subclass of ragx.data.cleaning.filters.Filter": (
        f"{AUDIT.format('orders')} 'dataset.rules.filters=[{{_target_: {ATTRIBUTES}, path: a, id: b}}]'",
        (),
        ("'dataset.rules.filters=[{_target_: ragx.data.KCore, users: 1, items: 1}]'",),
    ),
    "dataset.…s: expected ragx.data.AttributeTable, got …: set dataset.…s._target_ to that": (
        f"{AUDIT.format('orders')} 'dataset.items={{_target_: ragx.data.KCore}}'",
        (),
        (ITEMS,),
    ),
    "If that is no header line, set ….header=false and number the columns from 1": (
        AUDIT.format("bare"),
        (),
        ("dataset.header=false dataset.columns.user=1 dataset.columns.item=2",),
    ),
    "Without a header line, columns are numbered from 1, as in ….columns.user=1": (
        f"{AUDIT.format('bare')} dataset.header=false",
        (),
        ("dataset.columns.user=1 dataset.columns.item=2",),
    ),
    "It looks like …: set dataset.rules.time_format=…": (
        f"{TIMED.format('excel')} split=random",
        ("dataset.rules.time_format=excel",),
    ),
    "Set dataset.rules.time_format if it is another, as in": (
        f"{TIMED.format('german')} split=random",
        ("\"dataset.rules.time_format='%d.%m.%Y %H:%M'\"",),
    ),
    "set dataset.rules.time_zone=UTC if they are UTC…, or write the offset behind each time": (
        f"{TIMED.format('skipped')} split=random dataset.rules.time_zone=Europe/Berlin",
        ("dataset.rules.time_zone=UTC",),
        ("dataset.rules.time_zone=Etc/GMT-1", "dataset.path=offsets.csv"),
    ),
    "Set dataset.rules.time_format to seconds, milliseconds or the format if it was read wrongly": (
        f"{TIMED.format('future')} split=random dataset.rules.time_format=seconds",
        (),
        ("dataset.rules.time_format=milliseconds", "dataset.rules.time_format=auto"),
    ),
    "expected split.validation=null, got": (
        f"{AUDIT.format('three_parts')} dataset.columns.part=part split=published split.validation=0.1",
        ("split.validation=null",),
    ),
    "Add what is missing, or divide all events anew with split=random split.pool_published=true": (
        f"{AUDIT.format('train_only')} dataset.columns.part=part split=published",
        ("split=random split.pool_published=true",),
        ("dataset.path=three_parts.csv",),
    ),
    "Put it there, or set dataset.root or RAGX_DATA": (
        f"{AUDIT.format('away')} split=random",
        (),
        ("dataset.root=elsewhere",),
    ),
    "leave diversity out or add a table of items": (
        f"{SHOP_RUN.format('orders')} evaluation.metrics=[ndcg,diversity]",
        (),
        ("evaluation.metrics=[ndcg]", f"{ITEMS} model.features=true"),
    ),
}


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(advice: str, shop: Path, follow_line: Callable[..., None]) -> None:
    follow_line(advice, *ROWS[advice])
