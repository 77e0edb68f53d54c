"""What a run tells and hears: its CSV log, and requests to stop."""

from __future__ import annotations

import csv
import math
import signal
from collections.abc import Sequence
from pathlib import Path

__all__ = ["RunLog", "StopRequests"]


class RunLog:
    """The run's CSV log. A resumed run first drops the lines of steps that it will do again."""

    def __init__(self, path: Path, step: int, columns: Sequence[str]) -> None:
        rows: list[list[str]] = []
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in list(csv.reader(file))[1:] if row and int(row[0]) <= step]
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)
        self._writer.writerows(rows)
        self._file.flush()  # a run that is cut before its next line keeps these

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def row(self, *values: object) -> None:
        """Write a line, a value for each column; one that is not a number stays empty."""
        known = ("" if isinstance(v, float) and math.isnan(v) else v for v in values)
        self._writer.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in known])
        self._file.flush()


class StopRequests:
    """Turns SIGINT and SIGTERM into a flag, so that a run ends with its checkpoint saved."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> StopRequests:
        self._previous = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._previous[number] = signal.signal(number, self._ask)
            except ValueError:  # not the main thread: the caller's handlers stay
                break
        return self

    def _ask(self, *_: object) -> None:
        self.asked = True

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
