"""torch's compiler on demand: nothing of it is loaded before it is asked for, and then it is as without ragx."""

import subprocess
import sys

import pytest

BEFORE = """
import inspect, sys
import ragx.geometric, torch
from lightning_fabric.wrappers import OptimizedModule, _unwrap_compiled
model = torch.nn.Linear(2, 2)
optimizer = torch.optim.Adam(model.parameters())
model(torch.ones(1, 2)).sum().backward()
optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
optimizer.zero_grad()
inspect.getmodule(model.forward), [hasattr(module, "__file__") for module in list(sys.modules.values())]
ragx.compiler.set_deterministic(True)
kept = torch.optim.Optimizer.zero_grad.__wrapped__
print("torch._dynamo.eval_frame" in sys.modules, "sympy" in sys.modules, hasattr(kept, "__dynamo_disable"))
print(_unwrap_compiled(model), torch.are_deterministic_algorithms_enabled())
"""
LOADED = """
import torch._inductor.config
compiler = sys.modules["torch._dynamo"]
print(type(compiler).__name__, torch._dynamo is compiler, hasattr(kept, "__dynamo_disable"))
print(torch._dynamo.config is sys.modules["torch._dynamo.config"], torch._dynamo.config.__spec__.loader is not None)
print(torch._inductor.config.deterministic)
compiled = torch.compile(model, backend="eager")
print(isinstance(compiled, OptimizedModule), isinstance(model, OptimizedModule), isinstance(3, OptimizedModule))
counter = torch._dynamo.testing.CompileCounter()
@torch.compile(backend=counter)
def step(x):
    optimizer.zero_grad()
    return x + 1
print(float(step(torch.ones(()))), counter.frame_count > 0, hasattr(kept, "__dynamo_disable"))
"""


def printed_by(code: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()


def test_optimizers_and_fabric_do_without_the_compiler_until_it_is_asked_for() -> None:
    before = ["False False True", "(Linear(in_features=2, out_features=2, bias=True), None) True"]
    after = ["module True False", "True True", "True", "True False False", "2.0 True True"]
    assert printed_by(BEFORE + LOADED) == [*before, *after]


@pytest.mark.parametrize(
    "way", ["import torch._dynamo.config", "from torch._dynamo import config", "torch.compile(torch.nn.Linear(1, 1))"]
)
def test_every_way_of_asking_loads_one_compiler(way: str) -> None:
    asked = "print(type(sys.modules['torch._dynamo']).__name__, torch._dynamo is sys.modules['torch._dynamo'])"
    once = "print(torch._dynamo.config is sys.modules['torch._dynamo.config'])"
    code = "\n".join(["import sys, ragx.geometric, torch", way, asked, once])
    assert printed_by(code) == ["module True", "True"]


def test_a_compiler_that_is_loaded_stays() -> None:
    code = "import sys, torch._dynamo as own, ragx.geometric, torch; print(sys.modules['torch._dynamo'] is own)"
    assert printed_by(code) == ["True"]
