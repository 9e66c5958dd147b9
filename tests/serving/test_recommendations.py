"""Lists in outside ids, with titles, filters and fold-in, against a dense computation."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.node_model import NodeModel
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.ranking.recommendations import recommendation_table, with_titles
from ragx.serving.fold_in import with_new_user
from ragx.serving.run import Run


def _light(*, in_channels: int, out_channels: int) -> RelevanceConv:
    return RelevanceConv(in_channels, out_channels, linear=False, bias=False, activation=None)


def _mapped(*, in_channels: int, out_channels: int) -> RelevanceConv:
    return RelevanceConv(in_channels, out_channels, activation="tanh")


@pytest.fixture
def run(tiny_shop: Dataset, tiny_split: Split, tiny_graph: Graph) -> Run:
    torch.manual_seed(0)
    model = RelevanceAwareGraph(
        num_users=120, num_items=60, layer=_light, num_layers=2, hidden_dim=8, similarity="inner_product"
    )
    weight = {"_target_": "ragx.graph.SymmetricNorm"}
    config = {"graph": {"_target_": "ragx.graph.build_graph", "weight": weight}, "trainer": {"refit": False}}
    config["evaluation"] = {"cold_users": "exclude"}
    return Run(Path("nowhere"), config, {}, model, tiny_graph, tiny_shop, tiny_split)


def _dense_vectors(run: Run, known: Interactions, x: np.ndarray) -> np.ndarray:
    """Return the mean of x, A x and A² x with A the symmetrically normed adjacency, made entry by entry."""
    nodes = known.num_users + known.num_items
    adjacency = np.zeros((nodes, nodes))
    for user, item in zip(known.column("user"), known.column("item"), strict=True):
        adjacency[user, known.num_users + item] = adjacency[known.num_users + item, user] = 1
    degree = np.maximum(adjacency.sum(1), 1)
    normed = adjacency / np.sqrt(degree[:, None] * degree)
    return np.asarray((x + normed @ x + normed @ normed @ x) / 3)


def test_lists_agree_with_a_dense_computation(run: Run) -> None:
    x = run.model.embedding.detach().double().numpy()
    vectors = _dense_vectors(run, run.known, x)
    table = run.recommend(["customer-00003"], k=5)
    scores = vectors[120:] @ vectors[3]
    seen = run.known.table.filter(pl.col("user") == 3)["item"].unique().to_numpy()
    scores[seen] = -np.inf
    best = np.argsort(-scores)[:5]
    assert table["item"].to_list() == [f"item-{row:05d}" for row in best]
    assert table["user"].unique().to_list() == ["customer-00003"]
    assert table["rank"].to_list() == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(table["score"].to_numpy(), scores[best], rtol=1e-5)


def test_fold_in_is_the_propagation_over_the_new_users_edges(run: Run) -> None:
    basket = [4, 17, 30]
    added = pl.DataFrame({"user": [120] * 3, "item": basket, "value": [1.0] * 3, "timestamp": [0] * 3})
    users = run.known.users
    more = type(users)("user", pl.concat([users.ids, pl.Series("user", ["someone"])]))
    joined = Interactions(pl.concat([run.known.table, added]), more, run.known.items)
    x = run.model.embedding.detach().double().numpy()
    x = np.concatenate([x[:120], np.zeros((1, 8)), x[120:]])
    vectors = _dense_vectors(run, joined, x)
    scores = vectors[121:] @ vectors[120]
    scores[basket] = -np.inf
    best = np.argsort(-scores)[:4]
    table = run.fold_in([f"item-{row:05d}" for row in basket], k=4)
    assert table["item"].to_list() == [f"item-{row:05d}" for row in best]
    np.testing.assert_allclose(table["score"].to_numpy(), scores[best], rtol=1e-5)
    assert table["user"].to_list() == ["new user"] * 4


def test_the_formula_of_the_docstring_for_one_layer(run: Run) -> None:
    torch.manual_seed(1)
    model = RelevanceAwareGraph(
        num_users=120, num_items=60, layer=_light, num_layers=1, hidden_dim=8, similarity="inner_product"
    )
    basket = [4, 17]
    table = replace(run, model=model).fold_in([f"item-{row:05d}" for row in basket], k=60, exclude_seen=False)
    users = [set(run.known.table.filter(pl.col("item") == item)["user"]) for item in basket]
    x = model.embedding.detach().double().numpy()
    z = sum(x[120 + item] / np.sqrt(2 * (len(who) + 1)) for item, who in zip(basket, users, strict=True)) / 2
    degree = run.known.item_counts()
    expected = {}
    for item in range(60):
        who = set(run.known.table.filter(pl.col("item") == item)["user"])
        of_user = [run.known.table.filter(pl.col("user") == user)["item"].n_unique() for user in sorted(who)]
        total = degree[item] + (item in basket)
        around = sum(x[user] / np.sqrt(total * count) for user, count in zip(sorted(who), of_user, strict=True))
        expected[f"item-{item:05d}"] = float(z @ (x[120 + item] + around) / 2)
    got = dict(zip(table["item"], table["score"], strict=True))
    assert got.keys() == expected.keys()
    np.testing.assert_allclose([got[item] for item in expected], list(expected.values()), rtol=1e-4, atol=1e-8)


def test_fold_in_serves_other_layers_and_repeats_and_leaves_the_model_alone(run: Run) -> None:
    torch.manual_seed(2)
    model = RelevanceAwareGraph(num_users=120, num_items=60, layer=_mapped, num_layers=2, hidden_dim=8)
    other, before = replace(run, model=model), model.embedding.detach().clone()
    table = other.fold_in(["item-00001", "item-00002", "item-00001"], k=58)
    assert not {"item-00001", "item-00002"} & set(table["item"])
    assert table.height == 58
    assert table["item"].to_list() == other.fold_in(["item-00002", "item-00001"], k=58)["item"].to_list()
    assert model.num_users == 120
    assert torch.equal(model.embedding, before)
    with_features = RelevanceAwareGraph(
        num_users=120, num_items=60, layer=_light, hidden_dim=8, features=torch.randn(180, 3)
    )
    assert replace(run, model=with_features).fold_in(["item-00001"], k=3).height == 3


def test_filters_choose_and_leave_out(run: Run) -> None:
    shelf = [f"item-{row:05d}" for row in range(0, 60, 3)]
    everything = run.recommend("customer-00005", k=60, exclude_seen=False)
    assert everything.height == 60
    chosen = run.recommend("customer-00005", k=20, exclude_seen=False, only=shelf)
    assert chosen["item"].to_list() == everything.filter(pl.col("item").is_in(shelf))["item"].to_list()
    without = run.recommend("customer-00005", k=40, exclude_seen=False, without=shelf)
    assert without["item"].to_list() == everything.filter(~pl.col("item").is_in(shelf))["item"].to_list()
    assert set(run.fold_in(["item-00001"], k=5, only=shelf)["item"]) <= set(shelf)
    both = run.recommend("customer-00005", k=1, exclude_seen=False, only=shelf, without=shelf[1:])
    assert both["item"].to_list() == shelf[:1]


def test_all_users_are_the_default(run: Run) -> None:
    table = run.recommend(k=3)
    assert table["user"].unique(maintain_order=True).to_list() == run.known.users.ids.to_list()


def test_titles_stand_behind_the_item(run: Run, tiny_shop: Dataset) -> None:
    table = run.recommend("customer-00001", k=3, titles=True)
    assert table.columns == ["user", "item", "title", "rank", "score"]
    names = dict(zip(tiny_shop.tables["items"]["item"], tiny_shop.tables["items"]["title"], strict=True))
    assert table["title"].to_list() == [names[item] for item in table["item"]]
    plain = table.drop("title")
    renamed = replace(tiny_shop, tables={"items": tiny_shop.tables["items"].rename({"title": "movie_title"})})
    assert with_titles(plain, renamed)["title"].to_list() == table["title"].to_list()
    assert with_titles(plain, replace(tiny_shop, tables={})).columns == plain.columns
    nameless = replace(tiny_shop, tables={"items": tiny_shop.tables["items"].drop("title")})
    assert with_titles(plain, nameless).columns == plain.columns


def test_short_lists_have_no_empty_places(run: Run) -> None:
    ranking = run.model.recommend(run.graph, torch.arange(2), k=60)
    table = recommendation_table(ranking, run.known)
    assert table.height == int((ranking.items >= 0).sum()) < 120


def test_what_is_unknown_or_out_of_range_is_named(run: Run) -> None:
    with pytest.raises(ValueError, match=r"Unknown user 'customer-1': .*Did you mean 'customer-0"):
        run.recommend(["customer-1"])
    with pytest.raises(ValueError, match="k: expected 1 to 60, the number of items to choose from, got 61"):
        run.recommend("customer-00001", k=61)
    with pytest.raises(ValueError, match=r"k: expected 1 to 60, .*, got 2\.5"):
        run.recommend("customer-00001", k=2.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"k: expected 1 to 2, .*, got 3"):
        run.recommend("customer-00001", k=3, only=["item-00001", "item-00002"])
    with pytest.raises(ValueError, match="Unknown item 'gone'"):
        run.fold_in(["gone"])
    with pytest.raises(ValueError, match="expected at least one item of the new user, got none"):
        run.fold_in([])
    with pytest.raises(ValueError, match="they leave no item to recommend"):
        run.recommend("customer-00001", only=["item-00001"], without=["item-00001"])
    bare = RelevanceAwareGraph(num_users=120, num_items=60, layer=_light, num_layers=0)
    with pytest.raises(ValueError, match="RelevanceAwareGraph has no layers, so that nothing flows from items"):
        replace(run, model=bare).fold_in(["item-00001"])


class OfTwoTables(NodeModel):
    """A model with a layer and without one table of all nodes."""

    def __init__(self) -> None:
        super().__init__(num_users=2, num_items=3)
        self.layers = torch.nn.ModuleList([torch.nn.Linear(2, 2)])


def test_a_model_without_one_table_of_all_nodes_takes_no_new_user() -> None:
    with pytest.raises(
        ValueError, match=r"a row more of ``embedding`` \[N, D\], users first, which OfTwoTables has not"
    ):
        with_new_user(OfTwoTables())


def test_one_text_is_one_id_and_who_is_asked_for_twice_gets_one_list(run: Run) -> None:
    user, item = "customer-00003", "item-00001"
    assert run.recommend([user, user], k=3).equals(run.recommend(user, k=3))
    assert run.fold_in(item, k=3).equals(run.fold_in([item, item], k=3))
    assert run.recommend(user, k=1, only=item, exclude_seen=False)["item"].to_list() == [item]
    assert item not in run.recommend(user, k=50, without=item, exclude_seen=False)["item"]
    for wrong in (7.9, [user, None], True):
        with pytest.raises(ValueError, match=r"users, row \d: expected "):
            run.recommend(wrong)  # type: ignore[arg-type]
