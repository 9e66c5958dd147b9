"""What a reader must know before comparing the numbers of a sweep."""

import math

from ragx.report.pages.html import Html, element
from ragx.report.tables.notes import few_measured
from ragx.runs.sweeps.results import SweepResults

MOST_WARNINGS = 10


def notices(results: SweepResults) -> Html | None:
    """Return a list of what stands in the way of a fair comparison; None where nothing does."""
    lines = [*_of_states(results), *_of_origins(results), *_of_values(results)]
    warnings = results.warnings[:MOST_WARNINGS]
    lines += [f"Passed over: {warning}" for warning in warnings]
    if len(results.warnings) > len(warnings):
        lines.append(f"… and {len(results.warnings) - len(warnings)} more folders were passed over.")
    if not lines:
        return None
    return element("div", element("ul", *(element("li", line) for line in lines)), class_="notices", role="note")


def _of_states(results: SweepResults) -> list[str]:
    runs = results.runs
    lines = []
    left = sum(run.state in ("waiting", "running", "interrupted") for run in runs)
    if left:
        lines.append(f"{left} of {len(runs)} runs are not done; the same sweep command goes on with them.")
    failed = sum(run.state == "failed" for run in runs)
    if failed:
        lines.append(f"{failed} of {len(runs)} runs failed; see Failures.")
    gone = sum(run.state == "done" and not run.result for run in runs)
    if gone:
        lines.append(f"{gone} runs are recorded as done, but their results are not among the run folders.")
    counts = {configuration.quality.count for configuration in results.judged}
    if len(counts) > 1:
        lines.append(f"Means are over different numbers of seeds, {min(counts)} to {max(counts)}.")
    return lines


def _of_origins(results: SweepResults) -> list[str]:
    rows = [run.result for configuration in results.configurations for run in configuration.done]
    lines = []
    if len(results.by_data()) > 1:
        lines.append("Configurations were judged on different data: compare only those of the same data.")
    if any(len(configuration.data) > 1 for configuration in results.configurations):
        lines.append("The data changed between the runs of one configuration: its mean is over different splits.")
    texts = {
        "source": "Runs were made by {} different states of the code; see the column source under Provenance.",
        "rules": "Runs were evaluated by {} different conventions.",
        "monitor": "Runs chose their epochs by {} different metrics.",
        "machine": "Runs were made on {} kinds of machine: their times do not compare.",
    }
    for name, text in texts.items():
        different = len({row.get(name) for row in rows})
        if different > 1:
            lines.append(text.format(different))
    for data, among in results.by_data().items():
        runs = [run.result for configuration in among for run in configuration.done]
        lines += [f"{'; '.join(data)}: {sentence}" for sentence in few_measured(runs, "validation")]
    if any(row.get("dirty") for row in rows):
        lines.append("Runs were made with uncommitted changes; the commit alone does not give their code.")
    return lines


def _of_values(results: SweepResults) -> list[str]:
    values = [run.number(results.metric) for run in results.runs]
    broken = sum(value is not None and not math.isfinite(value) for value in values)
    return [f"{broken} runs ended with a value that is no number; means leave them out."] if broken else []
