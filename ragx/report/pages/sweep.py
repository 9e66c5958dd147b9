"""One HTML file that shows a whole sweep, without anything from outside."""

import base64
import datetime
import hashlib
from collections.abc import Sequence
from pathlib import Path

from ragx.evaluation.measured import measured_sentence
from ragx.files import write_atomically
from ragx.report.pages.html import Html, element, joined
from ragx.report.pages.look import SCRIPT, STYLE
from ragx.report.pages.notices import notices
from ragx.report.pages.provenance import provenance_section
from ragx.report.pages.reasons import differences_table, dropped_table, failure_table
from ragx.report.pages.tables import configuration_table, run_table
from ragx.report.plots.sweep import Plot, draw_plots
from ragx.report.tables.notes import measured_of
from ragx.runs.sweeps.reading import read_sweep
from ragx.runs.sweeps.record import STATES, SweepRecord
from ragx.runs.sweeps.results import SweepResults


def write_page(record: SweepRecord, runs: Path) -> Path:
    """Write ``page.html`` and ``plots/`` into the folder of a sweep and return the page's path.

    It can be written at any time; what is not done yet is shown as such.

    Args:
        record: the folder of the sweep.
        runs: the folder that run folders lie in.

    Raises:
        ValueError: a file cannot be written; an earlier page is kept.
    """
    results = read_sweep(record, runs)
    path = record.folder / "page.html"
    try:
        plots = draw_plots(results, record.folder / "plots")
        text = page(results, plots, runs)
        write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: the page could not be written ({error}); an earlier one is kept.") from error
    return path


def page(results: SweepResults, plots: Sequence[Plot], runs: Path) -> Html:
    """Return the page of a sweep as HTML."""
    title = f"Sweep {results.record.folder.name}"
    sections = _sections(results, plots, runs)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(STYLE)),
    )
    links = [element("a", name, href=f"#{anchor}") for anchor, (name, _) in sections.items()]
    body = element(
        "body",
        element("h1", title),
        _facts(results),
        notices(results),
        element("nav", *links),
        element(
            "main",
            *(
                element("section", element("h2", name), content, id=anchor)
                for anchor, (name, content) in sections.items()
            ),
        ),
        element("script", Html(SCRIPT)),
    )
    return Html(f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n")


def _policy() -> str:
    """Return a policy that lets nothing run but our own script and nothing be fetched."""
    script, style = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (SCRIPT, STYLE))
    return f"default-src 'none'; img-src data:; script-src 'sha256-{script}'; style-src 'sha256-{style}'"


def _sections(results: SweepResults, plots: Sequence[Plot], runs: Path) -> dict[str, tuple[str, Html]]:
    nothing = element("p", "No run has a result yet.", class_="quiet")
    differences, failed, dropped = differences_table(results), failure_table(results), dropped_table(results)
    sections = {
        "section-configurations": ("Configurations", configuration_table(results)),
        "section-plots": ("Plots", element("div", *map(_figure, plots), class_="plots") if plots else nothing),
        "section-differences": (
            "What differs",
            differences or element("p", "Nothing that is known yet.", class_="quiet"),
        ),
        "section-failures": ("Failures", failed or element("p", "No run failed.", class_="quiet")),
        "section-dropped": ("Left out", dropped or element("p", "No combination was left out.", class_="quiet")),
        "section-runs": ("Runs", run_table(results)),
        "section-provenance": ("Provenance", provenance_section(results, runs)),
    }
    return sections


def _facts(results: SweepResults) -> Html:
    settings, runs = results.record.settings, results.runs
    states = {state: sum(run.state == state for run in runs) for state in STATES}
    counts = ", ".join(f"{count} {state}" for state, count in states.items() if count)
    when = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    facts: list[tuple[str, str | Html]] = [
        ("runs", f"{len(runs)}: {counts} ({len(results.configurations)} configurations)"),
        ("swept", ", ".join(results.axes.values()) or "nothing"),
        ("seeds", ", ".join(map(str, settings.get("seeds", []))) or "not said"),
    ]
    for data, among in results.by_data().items():
        best = f"{among[0].quality.spell(4)} {results.heading}: {among[0].label()}"
        facts += [("data", "; ".join(data)), ("best on it", best)]
        measured = measured_of([run.result for configuration in among for run in configuration.done], "validation")
        if sentence := measured_sentence("validation", measured, results.unit):
            facts.append(("measured", sentence))
    planned = settings.get("budget")
    budget = {row: count for row, count in planned.items() if row} if isinstance(planned, dict) else {}
    if budget:
        tried = ", ".join(f"{row}: {count}" for row, count in budget.items())
        facts.append(("tried for each row", tried))
    launches = [event["argv"] for event in results.record.events() if event.get("argv")]
    if launches:
        started = launches[-1]  # an earlier version wrote what followed the name of the interpreter
        started = started if started.startswith("ragx ") else f"python {started}"
        facts.append(("started as", element("code", started)))
    facts.append(("page written", when))
    return element(
        "dl", *(joined([element("dt", name), element("dd", value)]) for name, value in facts), class_="facts"
    )


def _figure(plot: Plot) -> Html:
    picture = base64.b64encode(plot.png.read_bytes()).decode()
    files = joined(
        [
            " ",
            element("a", "PDF", href=f"plots/{plot.pdf.name}"),
            " ",
            element("a", "PNG", href=f"plots/{plot.png.name}"),
        ]
    )
    image = element("img", src=f"data:image/png;base64,{picture}", alt=plot.caption, decoding="sync")
    return element("figure", image, element("figcaption", plot.caption, files))
