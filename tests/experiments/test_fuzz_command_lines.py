"""Mutated command lines: exit 0 or 2 and a clear message, never anything else.

Every case is a function of its number alone, so a failure is met again by its number.
"""

import random
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from runner.command_line import guarded
from runner.preflight import bind_parts, check_settings, try_small

from ragx.report.run_parts import GIVEN

CONF = str(Path(__file__).resolve().parents[2] / "conf")
COMMAND_LINES, SHORT = 200, 20
SLOW_LINES = pytest.param(range(SHORT, COMMAND_LINES), marks=pytest.mark.slow, id="all command lines")
WORDS = (
    "",
    "null",
    "true",
    "[",
    "]",
    "{}",
    "{a:1}",
    "'",
    '"',
    "nan",
    "-1",
    "0",
    "1.5",
    "ü",
    "${seed}",
    "${nope}",
    "???",
)

BASE = (
    "dataset=csv dataset.path=orders.csv dataset.columns.user=customer dataset.columns.item=sku",
    "dataset=shop split=time model=lightgcn layer=light objective=bpr trainer.max_epochs=3",
    "dataset=gowalla split=published graph=symmetric optimizer.lr=0.01 seed=3 evaluation.cutoffs=[5,10]",
    "dataset=shop split=leave_last_out layer=relevance layer.activation=relu model.num_layers=2 model.readout=concat",
    "dataset=ml-100k split=origins split.origins=3 split.origin=1 tracker=none trainer.stopping.monitor=recall@10",
    "dataset=recbole dataset.path=ml/ml split=cold_users evaluation.cold_users=popularity threads=1 rerun=true",
    "dataset=retailrocket graph=recency graph.weight.half_life=30 objective=sampled_softmax trainer.batch_size=64",
)


def _mutated_line(number: int) -> list[str]:
    draw = random.Random(f"command line {number}")
    words = BASE[number % len(BASE)].split()
    for _ in range(draw.randint(1, 2)):
        row = draw.randrange(len(words))
        word = words[row]
        name, _, value = word.partition("=")
        place = draw.randrange(1, len(word))
        words[row] = draw.choice(
            (
                word[:place] + word[place + 1 :],
                word[:place] + draw.choice("abcxyz_.=,@+~") + word[place:],
                word[: place - 1] + word[place - 1 : place + 1][::-1] + word[place + 1 :],
                f"{name}={draw.choice(WORDS)}",
                f"{name}={draw.choice(WORDS)}",
                f"{name}.{draw.choice(('x', 'name', '_target_'))}={value}",
                f"+{name}={value}",
                f"~{name}",
                f"{draw.choice(('model', 'dataset', 'split'))}._target_={draw.choice(('os.getcwd', 'a.b', ''))}",
                f"{draw.choice(tuple(GIVEN))}={draw.choice(('lightgcm', 'defalt', 'none', 'csv'))}",
                name,
            )
        )
    return words


def _status(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the exit status of a command line up to the point where data would be read."""

    def job() -> None:
        with initialize_config_dir(CONF, version_base="1.3"):
            composed = compose("run", overrides=arguments)
        config: dict[str, Any] = OmegaConf.to_container(composed, resolve=True)  # type: ignore[assignment]
        parts = bind_parts(config)
        check_settings(config)
        try_small(parts)

    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
    try:
        return guarded(job, CONF, "run")
    finally:
        GlobalHydra.instance().clear()


@pytest.mark.parametrize("numbers", [pytest.param(range(SHORT), id="some command lines"), SLOW_LINES])
def test_mutated_command_lines(
    numbers: range, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses = []
    for number in numbers:
        arguments = _mutated_line(number)
        try:
            status = _status(arguments, monkeypatch)
        except BaseException as error:
            pytest.fail(f"command line {number} ({' '.join(arguments)}): {type(error).__name__}: {error}")
        said = capsys.readouterr().err
        assert status in (0, 2), f"command line {number} ({' '.join(arguments)}): exit {status}: {said}"
        assert bool(said.strip()) == (status == 2), f"command line {number} ({' '.join(arguments)}): {said!r}"
        assert "Traceback" not in said
        statuses.append(status)
    assert set(statuses) == {0, 2}


def test_unmutated_command_lines_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [_status(line.split(), monkeypatch) for line in BASE] == [0] * len(BASE)
