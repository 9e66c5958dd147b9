"""Signals are noted, and a second one ends the process's work at once."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ragx.training.interruption import Interrupted, SignalWatch, sigterm_raises

WATCHED = """
import sys, time
from ragx.training.interruption import Interrupted, SignalWatch
with SignalWatch() as watch:
    print("ready", flush=True)
    while watch.received is None:
        time.sleep(0.01)
    try:
        print("noted", watch.received, flush=True)
        time.sleep(60)
    except Interrupted as error:
        sys.exit(error.exit_status)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_first_signal_is_noted_and_the_second_ends(number: signal.Signals, status: int) -> None:
    before = signal.getsignal(number)
    with SignalWatch() as watch:
        assert watch.received is None
        os.kill(os.getpid(), number)
        assert watch.received == number
        with pytest.raises(Interrupted, match=f"stopped by {number.name}") as caught:
            os.kill(os.getpid(), number)
    assert caught.value.exit_status == status
    assert signal.getsignal(number) is before


def test_handlers_are_put_back_after_an_error() -> None:
    before = [signal.getsignal(number) for number in SignalWatch.SIGNALS]
    with pytest.raises(KeyError), SignalWatch():
        raise KeyError
    assert [signal.getsignal(number) for number in SignalWatch.SIGNALS] == before


def test_another_thread_trains_without_a_watch() -> None:
    notes: list[object] = []

    def work() -> None:
        with SignalWatch() as watch:
            notes.append(watch.received)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert notes == [None]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_process_of_its_own_is_stopped_by_sigterm(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WATCHED], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == f"noted {signal.SIGTERM.value}\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143
    process.stdout.close()


def test_sigterm_raises_where_nothing_waits_for_it() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted, match="SIGTERM") as caught, sigterm_raises():
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.exit_status == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interruption_passes_from_one_process_to_another() -> None:
    unpickled = pickle.loads(pickle.dumps(Interrupted(signal.SIGINT)))
    assert (str(unpickled), unpickled.exit_status) == ("stopped by SIGINT", 130)


def test_no_one_who_catches_errors_swallows_an_interruption() -> None:
    assert not issubclass(Interrupted, Exception)
