"""What a run imports, and when: nothing heavy before it is needed."""

import json
import subprocess
import sys
from pathlib import Path

CODE = """
import json, os, sys
seen = {}

def look(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
        for mark in ("run.json", "curve.jsonl"):
            if mark in str(arguments[0]):
                seen[mark] = sorted(sys.modules)

sys.addaudithook(look)
from ragx.runner.command import main
status = main(sys.argv[1:])
seen["end"] = sorted(sys.modules)
print(json.dumps({"status": status, **seen}))
"""
TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "trainer.max_epochs=1", "tracker=none")
NEVER = {
    *("networkx", "optuna", "pandas", "requests", "scipy.stats", "sklearn", "torch.onnx", "wandb"),
    *("torch_geometric.datasets", "torch_geometric.graphgym"),
    *("torch._dynamo.eval_frame", "torch._inductor", "torch.distributed.fsdp"),
}
TO_TRAIN = {"lightning_fabric"}
TO_DRAW = {"matplotlib", "PIL"}


def test_a_run_imports_what_it_needs_when_it_needs_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CODE, "run", *TINY]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["status"] == 0
    begun, trained, end = (set(seen[mark]) for mark in ("run.json", "curve.jsonl", "end"))
    assert begun & (NEVER | TO_TRAIN | TO_DRAW) == set(), "before a run begins"
    assert trained & (NEVER | TO_DRAW) == set(), "before a run has trained"
    assert end & NEVER == set(), "in a whole run"
    assert {"lightning_fabric", "matplotlib"} <= end, "the names are those of modules"
