"""PyG is imported without its datasets and torch's compiler, and both are as they are without ragx when asked for."""

import subprocess
import sys

CODE = """
import sys
import ragx.geometric
import torch_geometric

kept_out = "torch_geometric.datasets" in sys.modules
light = [name for name in ("torch._dynamo.eval_frame", "sympy", "pandas") if name in sys.modules]
import torch
model = torch.nn.Linear(1, 1)
print(light, kept_out, torch_geometric.is_torch_instance(model, torch.nn.Linear))
print(torch_geometric.is_torch_instance(torch.compile(model), torch.nn.Linear))
named = torch_geometric.datasets.KarateClub
from torch_geometric.datasets.karate import KarateClub
print(named is KarateClub, torch_geometric.datasets is sys.modules["torch_geometric.datasets"])
import ragx.layers.fusion
marked = torch.compiler.assume_constant_result(lambda: 0)
print(vars(marked).items() <= vars(ragx.layers.fusion.may_fuse).items() and len(vars(marked)) == 1)
"""


def test_what_pyg_need_not_import_is_there_when_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["[] False True", "True", "True True", "True"], done.stderr
