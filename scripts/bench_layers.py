"""Time layers and training steps against PyG's with equal values, on Gowalla's graph or a generated one of its size.

The environment variable RAGX_DATA names the data folder. Run it on a quiet machine: it exits with 1 where a limit is
not met. With --small it shows that everything runs, and judges no times.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch
from bench_apart import Apart
from bench_attention import NAME as ATTENTION
from bench_attention import PYG, attention, memory, our_side, their_side
from bench_common import CPU, WIDTH, Row, Timed, Verdict, parser_of, print_rows, verdicts_of, write_json
from bench_contract import contract
from bench_kernels import sums
from bench_lightgcn import STEP, Setting, epoch, optimiser, our_step, pyg_steps, read_setting, steps
from bench_outcome import Call
from bench_sweep import Point, sweep

from ragx.kernels.forms import has_scatter
from ragx.training.engine import reuse_freed_memory

OUTPUT = Path("build/bench_layers.json")
SHARES = (1, 4)  # batches to a propagation


def ours_alone(small: bool) -> dict[str, Call]:
    """Return our calls by operation, for a process of their own with the memory settings of every engine."""
    reuse_freed_memory()
    setting = read_setting(small, CPU, 1)
    return {STEP: our_step(setting, setting.model()), ATTENTION: our_side(setting.graph)}


def others_alone(small: bool) -> dict[str, Call]:
    """Return the calls of others, for a process of their own."""
    setting = read_setting(small, CPU, 1)
    return pyg_steps(setting, setting.model(), checked=False) | {PYG: their_side(setting.graph)}


def times(setting: Setting, apart: Sequence[Timed]) -> tuple[list[Row], dict[str, float], list[Verdict]]:
    """Return the table of times, the seconds of an epoch by the batches that share a propagation, and the verdicts."""
    graph, repeats = setting.graph, setting.repeats
    x = torch.randn(graph.num_nodes, WIDTH, generator=torch.Generator().manual_seed(0)).to(setting.device)
    rows: list[Row] = []
    for part in (
        partial(sums, graph.adjacency, graph.edge_weight, x, 3 * repeats),  # short ones vary most
        _as_an_engine,
        partial(steps, setting, apart),
        partial(optimiser, setting),
        partial(attention, graph, repeats, apart),
    ):
        timings = part()
        print_rows(timings)
        rows += timings
    verdicts, epochs = verdicts_of(rows), dict[str, float]()
    for share in SHARES:
        epochs[str(share)] = round(epoch(setting, share), 2)
        name = f"epoch of {len(setting.batches)} batches, {share} to a propagation"
        print(f"{name:92}{epochs[str(share)]:9.1f} s", flush=True)
    return rows, epochs, verdicts


def _as_an_engine() -> list[Row]:
    reuse_freed_memory()  # the sums before it are of torch alone, on either side
    return []


def print_memory(rows: list[Point]) -> None:
    """Print the peak of attention at every size, and the constants of the fit."""
    print("\nattention, forward + backward: the most bytes held, over 4 (E H + N D)")
    for row in rows[:-1]:
        size = ", ".join(f"{name} {row[name]:,.0f}" for name in ("E", "H", "N", "D"))
        print(f"{size:48}{row['bytes']:14,.0f} B{row['constant']:8.2f} ×   fitted {row['fitted']:14,.0f} B")
    print(f"fitted: 4 × ({rows[-1]['a']} E H + {rows[-1]['b']} N D) bytes")


def print_sweep(points: list[Point], fits: list[Point]) -> None:
    """Print the milliseconds of a step in every setting, and the lines through them."""
    print("\nattention on the generated shop, milliseconds of a step by depth, width and heads")
    for point in points:
        setting = f"depth {point['depth']:.0f}, width {point['width']:.0f}, heads {point['heads']:.0f}"
        print(f"{setting:40}{point['milliseconds']:9.2f} ms")
    print("milliseconds of a step against depth × edges × width, by least squares")
    for fit in fits:
        name = f"{fit['heads']:.0f} heads" if "heads" in fit else "all settings"
        heads = f" + {fit['nanoseconds_heads']:.3f} ns of heads" if "nanoseconds_heads" in fit else ""
        line = f"slope {fit['nanoseconds_width']:.3f} ns{heads}, intercept {fit['intercept']:.2f} ms"
        print(f"{name:40}{line}, R² {fit['r_squared']:.3f}")


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = parser_of(__doc__, OUTPUT, 5)
    parser.add_argument("--small", action="store_true", help="a fiftieth of the interactions, to see that it runs")
    parser.add_argument("--sweep", action=argparse.BooleanOptionalAction, default=True, help="depth × width × heads")
    return parser.parse_args()


def main() -> None:
    """Print tables and verdicts, write them as JSON, and exit with 1 where a limit is not met."""
    arguments = options()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    setting = read_setting(arguments.small, device, arguments.repeats)
    graph = setting.graph
    print(
        f"{setting.name}: {graph.num_nodes} nodes, {graph.num_edges} edges, width {WIDTH}, {device.type}, "
        f"{arguments.threads} threads, torch {torch.__version__}, torch-scatter {'' if has_scatter() else 'not '}there",
        flush=True,
    )
    verdicts, message = contract()
    makers = (ours_alone, others_alone) if device.type == "cpu" else ()
    with ExitStack() as stack:
        apart = [stack.enter_context(Apart(partial(maker, arguments.small), arguments.threads)) for maker in makers]
        rows, epochs, judged = times(setting, apart)
    figures = {"rows": rows, "epoch_seconds": epochs, "broken_layer": message}
    sizes, linear = memory(device, arguments.small)
    print_memory(sizes)
    verdicts.append(linear)
    if arguments.sweep:
        points, fits, ran = sweep(device, arguments.small)
        print_sweep(points, fits)
        verdicts.append(ran)
        figures |= {"sweep": points, "sweep_fits": fits}
    promised = not arguments.small and device.type == "cpu"  # of other devices the ratios are only said
    verdicts = judged + verdicts if promised else verdicts
    print(f"\na broken layer is told: {message}\n")
    print(*verdicts, sep="\n")
    sizes_of = {"graph": setting.name, "nodes": graph.num_nodes, "edges": graph.num_edges, "width": WIDTH}
    run = {**sizes_of, "threads": arguments.threads, "device": device.type, "small": arguments.small}
    write_json(arguments.output, run, verdicts, {**figures, "attention_memory": sizes})
    sys.exit(not all(verdict.met for verdict in verdicts))


if __name__ == "__main__":
    main()
