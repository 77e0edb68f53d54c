"""``latentpress reproduce`` as a person uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result as Run

from latentpress.studies import STUDIES, Request, Result, Table, registry


def test_without_a_name_studies_are_listed(run: Callable[..., Run]) -> None:
    done = run("reproduce")
    assert done.exit_code == 0
    for study in STUDIES.values():
        assert study.name in done.stdout
        assert study.data in done.stdout


def test_unknown_and_incomplete(run: Callable[..., Run], tmp_path: Path) -> None:
    done = run("reproduce", "nothing")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no study 'nothing'" in done.stderr
    done = run("reproduce", "s1-table1")
    assert done.exit_code == 2
    assert "needs --data DIR" in done.stderr
    done = run("reproduce", "s1-table1", "--data", tmp_path)
    assert done.exit_code == 2
    assert "holds no lossless pictures" in done.stderr


def test_what_is_written(run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def study(self: registry.Study, request: Request) -> Result:
        request.say(f"{self.name} on {request.data[0]}")
        return Result(self.name, "Title", [], [Table("Numbers", ("a",), [("1",)])], [], {"a": 1})

    monkeypatch.setattr(registry.Study, "run", study)
    done = run("reproduce", "s2-table1", "--data", tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("# Title")
    assert f"s2-table1 on {tmp_path}" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "s2-table1.html",
        "s2-table1.json",
        "s2-table1.md",
    ]
