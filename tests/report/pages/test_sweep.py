"""The page of a sweep: what it says, that it escapes everything, and how a browser shows and sorts it."""

import html
import json
import math
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from ragx.report.pages.html import Column, Field, element, number, sortable_table
from ragx.report.pages.sweep import page, write_page
from ragx.runs.sweeps.reading import read_sweep
from ragx.runs.sweeps.record import SweepRecord

MakeSweep = Callable[..., SweepRecord]
EVIL = "<script>window.harmed = 1</script><img src=x onerror='window.harmed = 2'>\"&"
LAYERS = ("10", "9", "2")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
QUIET = ("--disable-background-networking", "--disable-component-update")


def _text(record: SweepRecord) -> str:
    """Return the page without plots, which other tests draw."""
    runs = record.folder.parents[1]
    return page(read_sweep(record, runs), [], runs)


def _rows(text: str, table: str) -> list[list[str]]:
    """Return the fields of a table as texts."""
    body = re.search(rf'<table id="{table}".*?<tbody>(.*?)</tbody>', text, re.S)
    assert body is not None, f"no table {table}"
    return [
        [html.unescape(re.sub("<[^>]+>", "", field)) for field in re.findall(r"<td.*?</td>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", body[1], re.S)
    ]


def _quality(options: Mapping[str, str], seed: int) -> Any:
    if options["model.num_layers"] == "9":
        return [0.5, 0.6][seed]
    if options["model.num_layers"] == "10":
        return [0.2, math.nan][seed]
    return ["did not <b>fit</b>: expected less", None][seed]


def test_html_is_escaped_unless_it_was_made_here() -> None:
    assert element("p", "a < b", element("b", "&"), class_="x") == '<p class="x">a &lt; b<b>&amp;</b></p>'
    assert element("td", title='"><script>') == '<td title="&quot;&gt;&lt;script&gt;"></td>'
    assert element("th", None, hidden=True, data_sort=0, lang=None) == '<th hidden data-sort="0"></th>'
    columns = [Column("n", "number", best_first=True), Column("t")]
    table = sortable_table("i", "c", columns, [[number(0.5, "½"), Field("x")], [number(math.nan, ""), Field(None)]])
    assert '<td class="number" data-sort="0.5">½</td><td class="text">x</td>' in table
    assert '<td class="number" data-sort="">nan</td>' in table


def test_the_tables_hold_means_states_and_reasons(make_sweep: MakeSweep) -> None:
    dropped = [{"cell": "layer.heads=3 model.hidden_dim=16", "reason": "heads: 3 does not divide 16."}]
    text = _text(make_sweep({"model.num_layers": LAYERS}, _quality, seeds=(0, 1), dropped=dropped))
    best, other, failed = _rows(text, "configurations")
    assert best[:5] == ["9", "0.5500 ± 0.0707", "1.1000 ± 0.1414", "2 of 2", "done"]
    assert other[:5] == ["10", "0.2000", "0.4000", "1 of 2", "done"]
    assert failed == ["2", "–", "–", "0 of 2", "1 failed, 1 waiting", "–", "–"]
    assert len(_rows(text, "runs")) == 6
    assert [row[3] for row in _rows(text, "runs")] == ["0.5000", "0.6000", "0.2000", "nan", "–", "–"]
    assert _rows(text, "failures")[0][:4] == [
        "failed",
        "num_layers=2, seed 0",
        "0",
        "did not <b>fit</b>: expected less",
    ]
    assert _rows(text, "dropped") == [list(dropped[0].values())]
    assert _rows(text, "differences") == [["model.num_layers", "swept", "9 (1), 10 (1)"]]
    for notice in ("1 of 6 runs are not done", "1 of 6 runs failed", "1 to 2", "1 runs ended with a value that is no"):
        assert notice in text


def test_provenance_says_where_a_run_comes_from_and_how_to_run_it_again(make_sweep: MakeSweep) -> None:
    record = make_sweep({"model.num_layers": ["1", "2"]}, lambda options, seed: 0.5, seeds=(0,))
    runs = record.folder.parents[1]
    first = json.loads((runs / "run-made-up-0001" / "run.json").read_text())
    first["provenance"]["git"]["dirty"] = True
    (runs / "run-made-up-0001" / "run.json").write_text(json.dumps(first))
    for mark in ("0000", "0001"):
        path = runs / f"run-made-up-{mark}" / "metrics.json"
        notes = {"notes": ["5 of 6 items have attributes.", f"of {mark} <alone>"]}
        path.write_text(json.dumps(json.loads(path.read_text()) | notes))
    text = _text(record)
    assert text.count("5 of 6 items have attributes.") == 1
    assert "of 0000 &lt;alone&gt;" in text
    row = _rows(text, "provenance")[0]
    assert row[:4] == ["run-made-up-0000", "num_layers=1", "0", "run-made-up-0000"]
    assert {"abc123", "P1", "split of shop", "d0", "time"} <= set(row)
    assert row[-1] == f"ragx reproduce {runs}/run-made-up-0000"
    assert _rows(text, "provenance")[1][6] == "P2"
    for fact in ("commit <code>0123abcd</code>, clean", "with uncommitted changes", "torch 2.13.0", "system Linux"):
        assert fact in text
    assert "Runs were made with uncommitted changes" in text
    assert 'href="../../run-made-up-0000/"' in text


def test_a_sweep_without_results_has_a_page(make_sweep: MakeSweep) -> None:
    record = make_sweep({"model.num_layers": ["1", "2"]}, lambda options, seed: None, seeds=(0,))
    text = write_page(record, record.folder.parents[1]).read_text()
    assert text.count("No run has a result yet.") == 2
    assert "2 of 2 runs are not done" in text
    assert [row[0] for row in _rows(text, "configurations")] == ["1", "2"]


def test_the_command_that_started_a_sweep_is_one_that_can_be_typed(make_sweep: MakeSweep) -> None:
    record = make_sweep({"model.num_layers": ["1"]}, lambda options, seed: 0.5, seeds=(0,))
    began = "<dt>started as</dt><dd><code>"
    assert f"{began}python experiments/run.py -m sweep=made-up</code>" in _text(record)  # of an earlier version
    record.event("", "launched", argv="ragx run -m sweep=made-up")
    assert f"{began}ragx run -m sweep=made-up</code>" in _text(record)


def test_different_data_is_told_and_kept_apart(make_sweep: MakeSweep) -> None:
    axes = {"dataset": ["shop", "films"], "model.num_layers": ["1", "2"]}
    text = _text(make_sweep(axes, lambda options, seed: 0.1 * len(options["dataset"]), seeds=(0,)))
    assert "judged on different data" in text
    assert text.count("<dt>best on it</dt>") == 2


def test_how_many_users_are_measured_stands_on_the_page(make_sweep: MakeSweep) -> None:
    record = make_sweep({"model.num_layers": ["1", "2"]}, lambda options, seed: 0.5, seeds=(0,))
    for few, loud in ((81, True), (50, False)):
        for path in record.folder.parents[1].glob("*/metrics.json"):
            everybody = 943 if loud else 100
            counts = {"validation": {"users": few, "users_held_out": 301 if loud else few, "all_users": everybody}}
            path.write_text(json.dumps(json.loads(path.read_text()) | {"counts": counts}))
        text = _text(record)
        assert f"{few} of {everybody} users make the validation values" in text
        notice = "shop, split split of shop: Fewer than half of the users are measured: 81 of 943"
        assert (notice in text) == loud


def test_a_done_run_whose_folder_is_gone_is_told(make_sweep: MakeSweep) -> None:
    record = make_sweep({"model.num_layers": ["1", "2"]}, lambda options, seed: 0.5, seeds=(0,))
    shutil.rmtree(record.folder.parents[1] / "run-made-up-0000")
    text = _text(record)
    assert "1 runs are recorded as done, but their results are not among the run folders." in text
    assert [row[3] for row in _rows(text, "configurations")] == ["1 of 1", "0 of 1"]


def test_names_from_outside_are_never_html(make_sweep: MakeSweep) -> None:
    record = make_sweep(
        {"objective": [EVIL, "bpr"]}, lambda options, seed: EVIL if seed else 0.5, seeds=(0, 1), dataset=EVIL
    )
    text = _text(record)
    assert text.count("<script") == text.count("</script>") == 1
    assert "<img src=x" not in text
    assert html.escape(EVIL) in text
    policy = html.unescape(text)
    assert "script-src 'sha256-" in policy and "default-src 'none'" in policy


def test_a_page_that_cannot_be_written_keeps_the_old_one(make_sweep: MakeSweep) -> None:
    record = make_sweep({"model.num_layers": ["1"]}, lambda options, seed: None)
    (record.folder / "page.html").mkdir()
    with pytest.raises(ValueError, match=r"the page could not be written .*an earlier one is kept"):
        write_page(record, record.folder.parents[1])


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """Return Chromium without a window, or skip where it is not installed."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver are not installed")
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, *QUIET, f"--user-data-dir={tmp_path / 'browser'}", "--window-size=1280,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = Chrome(options=options, service=ChromeService(driver))
    yield started
    started.quit()


def _column(browser: Chrome, table: str, column: int) -> list[str]:
    fields = browser.find_elements(By.CSS_SELECTOR, f"#{table} tbody tr td:nth-child({column + 1})")
    return [field.text for field in fields]


def _sorted_as(browser: Chrome, table: str) -> list[str | None]:
    return [header.get_attribute("aria-sort") for header in browser.find_elements(By.CSS_SELECTOR, f"#{table} th")]


def _log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def _asked_for(browser: Chrome, page: str) -> list[str]:
    """Return the addresses that a page asked for; the browser's own first tab asks for others."""
    messages = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    asked = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    return [request["request"]["url"] for request in asked if request["documentURL"] == page]


def _screenshot(browser: Chrome, path: Path, width: int) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    sizes = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert sizes[0] <= sizes[1], f"at {width} the page is wider than the window"
    assert browser.save_screenshot(str(path))
    assert path.stat().st_size > 10_000


def test_a_browser_shows_sorts_and_asks_for_nothing(make_sweep: MakeSweep, browser: Chrome, tmp_path: Path) -> None:
    axes = {"model.num_layers": LAYERS, "objective": ["bpr", EVIL]}
    path = write_page(make_sweep(axes, _quality, seeds=(0, 1), dataset=EVIL), tmp_path / "runs")
    address = path.resolve().as_uri()
    browser.get(address)
    assert "harmed" not in browser.execute_script("return Object.keys(window)")
    layers, headers = "configurations", browser.find_elements(By.CSS_SELECTOR, "#configurations th button")
    assert _column(browser, layers, 0) == ["9", "9", "10", "10", "2", "2"]
    assert _sorted_as(browser, layers)[2] == "descending"
    headers[0].click()
    assert _column(browser, layers, 0) == ["2", "2", "9", "9", "10", "10"]
    assert _sorted_as(browser, layers)[:3] == ["ascending", "none", "none"]
    headers[0].click()
    assert _column(browser, layers, 0) == ["10", "10", "9", "9", "2", "2"]
    assert _sorted_as(browser, layers)[0] == "descending"
    headers[2].send_keys(Keys.ENTER)
    means = _column(browser, layers, 2)
    assert means == ["0.5500 ± 0.0707"] * 2 + ["0.2000"] * 2 + ["–"] * 2
    headers[2].send_keys(Keys.SPACE)
    assert _column(browser, layers, 2) == [*means[2:4], *means[:2], *means[4:]]  # what is missing stays below
    headers[1].click()
    assert [text[0] for text in _column(browser, layers, 1)] == ["<"] * 3 + ["b"] * 3
    images = "return Array.from(document.images, image => image.complete && image.naturalWidth > 500)"
    assert set(browser.execute_script(images)) == {True}
    _screenshot(browser, tmp_path / "wide.png", 1280)
    _screenshot(browser, tmp_path / "narrow.png", 390)
    assert _log(browser, "browser") == []
    asked = [url for url in _asked_for(browser, address) if not url.startswith("data:")]
    assert asked == [address]
