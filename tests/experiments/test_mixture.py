"""A run whose scores are a trained model's and closed forms' together, in every command."""

import json
from pathlib import Path
from typing import Any

import pytest

TINY = ("dataset.num_users=80", "dataset.num_items=60", "dataset.num_days=60", "trainer.max_epochs=2", "tracker=none")


def test_weights_are_chosen_kept_refitted_and_served(command: Any, tmp_path: Path) -> None:
    options = ("model=relevance_mixture", *TINY, "trainer.refit=true", "evaluation.final=true", "threads=1")
    ended = command("run", *options)
    assert ended.status == 0, ended.err
    assert "added as validation chose:" in " ".join(ended.out.split())
    (path,) = tmp_path.glob("runs/*/metrics.json")
    metrics = json.loads(path.read_text())
    choices = metrics["fit"]["choices"]
    assert set(choices) == {"linear_filter", "ease"}
    assert any(choices.values())
    learned = max(
        json.loads(line)["ndcg@20"] for line in (path.parent / "train" / "curve.jsonl").read_text().splitlines()
    )
    assert metrics["validation"]["ndcg@20"] == pytest.approx(metrics["fit"]["best"]["ndcg@20"])
    assert metrics["validation"]["ndcg@20"] > learned
    for line in (("recommend", f"run={path.parent}", "items=[item-00001]", "k=3"), ("reproduce", f"run={path.parent}")):
        ended = command(*line)
        assert ended.status == 0, ended.err
    assert "bit-equal" in " ".join((ended.out + ended.err).split())
