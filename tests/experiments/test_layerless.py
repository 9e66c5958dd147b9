"""A model without layers, as the page on parts of one's own shows it, through all that is done with a run."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import ragx

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "extending.md").read_text()
FILES = dict(
    re.findall(r"^```\w+\n(# (?:\S*two_towers\.yaml|my_towers\.py)\n.*?)^```()", PAGE, re.MULTILINE | re.DOTALL)
)
TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "trainer.max_epochs=2", "tracker=none")


@pytest.mark.parametrize("features", ["false", "true"])
def test_a_two_tower_model_runs_and_is_served(
    features: str, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in FILES:
        path = tmp_path / text.split()[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_towers", raising=False)
    chosen = ("model=two_towers", "model.width=8", f"model.features={features}")
    ended = command("run", f"--config-dir={tmp_path / 'my_conf'}", *chosen, *TINY, "evaluation.final=false")
    assert ended.status == 0, ended.err
    (folder,) = (path.parent for path in tmp_path.glob("runs/*/run.json"))
    values = json.loads((folder / "metrics.json").read_text())["validation"]
    trusted = (f"run={folder}", "trust=[my_towers]")
    for line in (("recommend", "users=all", "k=3"), ("evaluate", "metrics=[recall]"), ("reproduce",)):
        ended = command(line[0], *trusted, *line[1:])
        assert ended.status == 0, ended.err
    run = ragx.load_run(folder, trust=["my_towers"])
    assert ragx.evaluate(run).values["ndcg@20"] == values["ndcg@20"]
    assert len(run.recommend(k=3)) == 3 * run.graph.num_users
    with pytest.raises(ValueError, match="TwoTowers has no layers, so that nothing flows from items to a new user"):
        run.fold_in(["item-00001"])
    ended = command("run", f"--config-dir={tmp_path / 'my_conf'}", *chosen, *TINY, "evaluation.final=true")
    assert ended.status == 0, ended.err
    assert "test" in json.loads((folder / "metrics.json").read_text())
