"""Worker processes of this machine: what they give back, how they are lost, how they are stopped."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from latentpress.errors import LatentPressError
from latentpress.jobs import InProcess, LocalProcesses, Lost


@pytest.fixture
def functions() -> ModuleType:
    return importlib.import_module("job_functions")


def test_every_item_comes_back_once(functions: ModuleType) -> None:
    for executor in (LocalProcesses(2), InProcess()):
        assert sorted(executor.each(functions.square, range(7))) == [(n, n * n) for n in range(7)]
        assert list(executor.each(functions.square, [])) == []


def test_items_are_taken_as_they_are_worked_on(functions: ModuleType) -> None:
    taken = []

    def items() -> object:
        for number in range(100):
            taken.append(number)
            yield number

    outcomes = LocalProcesses(2).each(functions.square, items())
    next(outcomes)
    assert len(taken) <= 4
    outcomes.close()


def test_libraries_get_one_thread_and_our_environment_stays(
    functions: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert [result for _, result in LocalProcesses(1).each(functions.pool_sizes, [0])] == [["1", "1"]]
    assert functions.pool_sizes(0) == ["7", None]


def test_the_item_of_a_process_that_dies_is_tried_again(functions: ModuleType, tmp_path: Path) -> None:
    mine = tmp_path / "kill"
    mine.touch()
    assert list(LocalProcesses(1).each(functions.die_once, [str(mine)])) == [(str(mine), "alive")]


def test_an_item_that_kills_each_process_is_lost_and_no_other(functions: ModuleType) -> None:
    results = dict(LocalProcesses(2).each(functions.die_if_negative, [1, -1, 2, -2, 3]))
    assert {number: result for number, result in results.items() if number > 0} == {1: 1, 2: 2, 3: 3}
    assert results[-1] == Lost("the process died of SIGKILL, 2 times")
    assert results[-2] == Lost("the process ended with code 3, 2 times")


def test_workers_that_cannot_start_are_an_error(
    functions: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    square = functions.square
    square.__module__, before = "job_functions_elsewhere", square.__module__
    importlib.sys.modules["job_functions_elsewhere"] = functions
    try:
        with pytest.raises(LatentPressError, match="did not start"):
            list(LocalProcesses(1).each(square, [1]))
    finally:
        square.__module__ = before
        del importlib.sys.modules["job_functions_elsewhere"]
    assert "ModuleNotFoundError" in capfd.readouterr().err


def test_closing_ends_the_processes_which_clear_up(functions: ModuleType, tmp_path: Path) -> None:
    """The first result comes while the other worker waits for ever; closing makes that one leave, tidily."""
    waiting = tmp_path / "waiting"
    waiting.mkdir()

    outcomes = LocalProcesses(2).each(functions.wait_or_answer, [str(waiting), *range(10_000)])
    for _ in outcomes:
        if any(waiting.iterdir()):
            break
    assert len(list(waiting.iterdir())) == 1
    outcomes.close()
    assert list(waiting.iterdir()) == []
