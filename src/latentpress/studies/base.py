"""What a study is given and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Request", "Result", "Table"]


@dataclass(frozen=True)
class Request:
    """``data``: folders, of pictures to measure or of pictures to train on, as the study says. ``test``: a folder of
    pictures to measure on, for a study that trains. ``say`` gets lines of progress.
    """

    data: Sequence[Path] = ()
    test: Path | None = None
    say: Callable[[str], None] = field(default_factory=lambda: _silent)


@dataclass(frozen=True)
class Table:
    """``columns``: headings; ``rows``: of cells, as they are to be read. A heading or cell is plain text."""

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Result:
    """``intro``: paragraphs before the tables, ``notes``: numbered ones after them, all plain text. ``data``: every
    number and how it came about, JSON-able.
    """

    name: str
    title: str
    intro: Sequence[str]
    tables: Sequence[Table]
    notes: Sequence[str]
    data: dict[str, Any] = field(default_factory=dict)


def _silent(line: str) -> None:
    """Say nothing."""
