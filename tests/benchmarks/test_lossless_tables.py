"""The page about lossless coding shows what was measured."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_tables_are_those_of_the_results() -> None:
    spec = importlib.util.spec_from_file_location("lossless_tables", ROOT / "benchmarks" / "lossless_tables.py")
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    text = (ROOT / "docs" / "lossless.md").read_text(encoding="utf-8")
    assert f"{tables.START}\n{tables.page()}\n{tables.END}" in text


def test_every_file_was_right() -> None:
    """No lossless row with an error, and none near-lossless beyond its bound."""
    spec = importlib.util.spec_from_file_location("lossless_tables", ROOT / "benchmarks" / "lossless_tables.py")
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    assert all(row["max_error"] == 0 for row in tables.rows_of("lossless.json"))
    for row in tables.rows_of("near_lossless.json"):
        assert row["max_error"] <= int(row["codec"].partition("N=")[2])
