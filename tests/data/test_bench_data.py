"""The benchmark of reading and splitting, on a small table."""

import bench_data
import pytest


def test_each_stage_reports_time_and_memory_and_the_limits_are_judged(capfd: pytest.CaptureFixture[str]) -> None:
    assert bench_data.main(["--rows", "100000", "--forms", "parquet", "--splits", "time"]) == 0
    output = capfd.readouterr().out
    for stage in ("read", "time split"):
        assert any(
            line.split()[: len(stage.split())] == stage.split() and "s of processor time" in line and "GB" in line
            for line in output.splitlines()
        )
    assert "events.parquet, time: 100,000 rows, 5,000 users, 500 items; train 80,000" in output
    assert "limit of 6 GB: met" in output
    assert "times what Polars alone takes" in output


def test_a_limit_that_is_not_met_is_said_and_gives_an_exit_status() -> None:
    assert bench_data.verdict(6) == "limit of 6 GB: met"
    assert bench_data.verdict(6.1) == "limit of 6 GB: NOT met"
    assert not bench_data.within(6.1)
    assert bench_data.within(5)
