"""The command ``ragx``: which command does what, and the call of one; each is imported when it is called."""

import ast
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from ragx.checks import did_you_mean

COMMANDS = {
    "run": ("jobs.run", "train and evaluate one model on one dataset"),
    "sweep": ("jobs.run", "run a grid of configurations, each with several seeds"),
    "search": ("jobs.search", "search for good settings of one model"),
    "status": ("commands.status", "show how a sweep stands"),
    "final": ("commands.final", "evaluate the chosen configurations of a sweep on test"),
    "table": ("jobs.table", "make a table of the results of sweeps"),
    "page": ("commands.page", "write the page and the plots of a sweep"),
    "compare": ("commands.compare", "test whether finished runs differ"),
    "evaluate": ("commands.evaluate", "evaluate a finished run under other metrics, without training"),
    "recommend": ("commands.recommend", "write the top-K lists of a finished run"),
    "reproduce": ("commands.reproduce", "make a finished run once more and compare the two"),
    "audit": ("jobs.audit", "look for faults in a dataset and its split"),
    "verify_resume": ("commands.verify_resume", "kill a run, resume it and compare it with an unbroken one"),
}
"""Each command's module below ``ragx.runner`` and what it does."""
SWEEP_HELP = "hydra.help.header='ragx sweep model.num_layers=1,2,3 optimizer.lr=0.001,0.005 seeds=5'"
"""What the help of a sweep begins with, whose config is that of a run."""
USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that a command line begins with.

    Args:
        arguments: the command and its options; those of the process by default.

    Returns:
        The exit status of the command; 2 where there is none of that name.
    """
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        near = did_you_mean(name, COMMANDS)
        print(f"error: {name}: unknown command.{near} Commands: {', '.join(COMMANDS)}.", file=sys.stderr)
        return USAGE
    if COMMANDS[name][0].startswith("commands.") and (not rest or rest[0] in ("-h", "--help")):
        print(help_of(COMMANDS[name][0]))
        return 0
    sys.path.insert(0, str(Path.cwd()))  # layers and readers of one's own lie in the current folder
    of_sweep = ["-m", *([SWEEP_HELP] if {"-h", "--help"} & {*rest} else [])] if name == "sweep" else []
    sys.argv = [f"ragx {name}", *of_sweep, *rest]
    status: int = importlib.import_module(f"ragx.runner.{COMMANDS[name][0]}").main()
    return status


def help_of(module: str) -> str:
    """Return the text ``HELP`` of a command, read from the source of its module, which imports what does the work.

    Args:
        module: its name below ``ragx.runner``.
    """
    path = Path(__file__).with_name(module.partition(".")[0]) / f"{module.partition('.')[2]}.py"
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    (text,) = (
        statement.value.value
        for statement in statements
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "HELP"
        if isinstance(statement.value, ast.Constant)
    )
    return str(text)


def usage() -> str:
    """Return the help: a line for each command."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(
        ["ragx COMMAND [option=value …]", "", *lines, "", "ragx COMMAND --help tells the options of a command."]
    )
