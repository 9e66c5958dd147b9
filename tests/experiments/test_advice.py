"""Messages name options that there are: every ``name=value`` in a text of the source is one of a command's options."""

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
OVERRIDE = re.compile(r"(?<![\w./<{:&-])((?:[a-z_]+\.)*[a-z_]+)=([\w.…-]*)")
COMMANDS = ("compare", "evaluate", "final", "page", "recommend", "reproduce", "status")
Texts = list[tuple[str, int, str]]
NOT_MESSAGES = {"report/pages/sweep.py", "report/tables/formats.py", "data/readers/sql.py"}
"""Files below ``ragx`` whose texts are pages, tables and queries."""
ADVISED = re.compile(
    r"\b(?:set|Set|change|Change|choose|Choose|use|Use|lower|Lower) ((?:[a-z_]+\.)+[a-z_]+)(?![\w.=(…])"
)
ALLOWED = {
    "name": "stands for the name of any option",
    "option": "stands for the name of any option",
    "operation": "RAGX_FORMS, a variable of the environment",
    "weighted_sum": "RAGX_FORMS, a variable of the environment",
    "kills": "verify_resume takes options of run beside its own",
    "random": "verify_resume takes options of run beside its own",
    "password": "what an address is searched for",
    "masked": "an argument of conventions in Python",
    "larger_is_better": "an argument of ragx.metrics.metric in Python",
    "ordered": "an argument of datasets in Python",
    "graph": "an argument of ragx.evaluate in Python",
    "reason": "an argument of Protocol.test in Python",
    "on_open": "an argument of Protocol.test in Python",
}


def _options() -> set[str]:
    """Return the name of every option of any command, whatever the choices of its groups."""
    commands = [importlib.import_module(f"ragx.runner.commands.{name}") for name in COMMANDS]
    known = {field.name for command in commands for field in fields(command.Options)}
    for path in CONF.rglob("*.yaml"):
        group = path.relative_to(CONF).parent.parts
        known |= {".".join(group), *_names(OmegaConf.to_container(OmegaConf.load(path)), ".".join(group))}
    return known


def _names(node: Any, prefix: str) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    for name, value in (node | _defaults(node)).items():
        path = f"{prefix}.{name}" if prefix else str(name)
        yield path
        yield from _names(value, path)


def _defaults(node: dict[Any, Any]) -> dict[str, Any]:
    """Return the arguments of a target that its YAML leaves out."""
    module, _, name = str(node.get("_target_", "")).rpartition(".")
    if not module.startswith("ragx"):
        return {}
    parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    return {parameter: None for parameter in parameters if parameter not in node}


def _strange(text: str, known: set[str]) -> list[str]:
    """Return the overrides in a text that no command takes."""
    strange = []
    for name, value in OVERRIDE.findall(text):
        choices = {path.stem for path in (CONF / name).glob("*.yaml")} if "." not in name else set()
        filled_in = "…" in value or not value.strip(".")
        wrong_choice = bool(choices) and not filled_in and value.strip(".") not in {*choices, "null"}
        if name not in ALLOWED and (name not in known or wrong_choice):
            strange.append(f"{name}={value}")
    return strange + [name for name in ADVISED.findall(text) if name not in known and not name.startswith("ragx.")]


def test_what_messages_name_are_options(source_texts: Texts) -> None:
    known = _options()
    wrong = [
        (file, f"{file}:{line}: {name}")
        for file, line, text in source_texts
        if " " in text
        for name in _strange(text, known)
    ]
    strange = [name for file, name in wrong if file not in NOT_MESSAGES]
    assert not strange, "\n".join(strange)
    assert {file for file, _ in wrong} >= NOT_MESSAGES  # no exception outlives its texts


def test_no_exception_outlives_its_text(source_texts: Texts) -> None:
    messages = (text for file, _, text in source_texts if file not in NOT_MESSAGES)
    assert set(ALLOWED) <= {name for text in messages for name, _ in OVERRIDE.findall(text)}


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("set rules.empty_ids=drop.", ["rules.empty_ids=drop."]),
        ("set dataset.rules.empty_ids=drop.", []),
        ("choose split=randon or split=time.", ["split=randon"]),
        ("use layer.edge_weight=auto, or sweep=… of your own", []),
        ("trainer.patiance=3", ["trainer.patiance=3"]),
        ("Set rules.time_format if it is another.", ["rules.time_format"]),
        ("Set dataset.rules.time_format if it is another.", []),
    ],
)
def test_an_option_that_is_none_is_seen(text: str, strange: list[str]) -> None:
    assert _strange(text, _options()) == strange
