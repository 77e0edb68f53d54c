"""A benchmark on the terminal: progress with the time left, and the summary as tables."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_summary", "show_progress"]

_STEADY = 600.0  # seconds over which the speed is taken: points take from milliseconds to seconds
_EVERY = 30.0  # seconds between lines where there is no terminal
_PLAIN_WIDTH = 150  # columns of tables where there is no terminal

_Tell = Callable[[int, int], None]


@contextlib.contextmanager
def show_progress(what: str, console: Console) -> Iterator[_Tell]:
    """A bar for the length of the block; gives what to call with (done, total). Lines now and then in a log file."""
    if not console.is_terminal:
        yield _Lines(what, console)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left:"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, speed_estimate_period=_STEADY) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tell


class _Lines:
    """Progress as a line every half minute."""

    def __init__(self, what: str, console: Console) -> None:
        self.what, self.console = what, console
        self.start = self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Print a line if it is time."""
        now = time.monotonic()
        if done and now - self.last >= _EVERY:
            left = (now - self.start) / done * (total - done) / 60
            self.console.print(f"{self.what}: {done} of {total}, about {left:.0f} min left", highlight=False)
            self.last = now


def print_summary(summary: Mapping[str, Any], console: Console) -> None:
    """Tables of lossy and lossless coders, then warnings, failed points and coders that are missing."""
    from rich.table import Table

    if not console.is_terminal:
        console.width = max(console.width, _PLAIN_WIDTH)
    coders, anchor = summary["coders"], summary["anchor"]
    lossy = [id for id, coder in coders.items() if not coder["lossless"]]
    lossless = [id for id, coder in coders.items() if coder["lossless"]]
    notes: list[str] = []
    if lossy:
        table = Table(title=f"BD-rate against {anchor}: of mean curves, and the mean of the pictures' own")
        table.add_column("coder")
        window = summary.get("window")
        on_window = [f"{window[0]:g}-{window[1]:g} dB"] if window else []
        for heading in ("PSNR", "pictures", "shared dB", *on_window, "MS-SSIM", "pictures", "shared dB", *_TIMES):
            table.add_column(heading, justify="right")
        for id in sorted(lossy, key=lambda id: _percent(coders[id])):
            cells = []
            for metric, name in (("psnr", "PSNR"), ("ms-ssim-db", "MS-SSIM")):
                bd = coders[id]["bd_rate"].get(metric)
                cells += _bd_cells(bd)
                if window and metric == "psnr":
                    cells.append(_number((bd or {}).get("on_window"), "+.1f"))
                notes += [f"{id}, {name}: {warning}" for warning in (bd or {}).get("warnings", ())]
            table.add_row(id, *cells, *_time_cells(coders[id]))
        console.print(table)
    if lossless:
        table = Table(title="Lossless: mean bits a pixel")
        table.add_column("coder")
        for heading in ("bpp", *_TIMES):
            table.add_column(heading, justify="right")
        for id in sorted(lossless, key=lambda id: coders[id]["mean_bpp"] or float("inf")):
            few = coders[id]["pictures"] < len(summary["run"]["pictures"])
            if few:
                notes.append(f"{id}: from {coders[id]['pictures']} of {len(summary['run']['pictures'])} pictures")
            table.add_row(id, _number(coders[id]["mean_bpp"], ".3f") + "*" * few, *_time_cells(coders[id]))
        console.print(table)
    for note in notes:
        console.print(f"* {note}", highlight=False, markup=False)
    for id, count in summary["errors"].items():
        console.print(f"{id}: {count} points failed; the reasons stand in the results", highlight=False, markup=False)
    for id, reason in summary["run"]["missing"].items():
        console.print(f"not measured: {id}: {reason}", highlight=False, markup=False)


_TIMES = ("encode s/MP", "decode s/MP", "encode MB", "decode MB")


def _percent(coder: Mapping[str, Any]) -> float:
    """What the table is ordered by."""
    for bd in coder["bd_rate"].values():
        if bd["of_mean_curve"] is not None:
            return float(bd["of_mean_curve"])
    return float("inf")


def _bd_cells(bd: Mapping[str, Any] | None) -> list[str]:
    """BD-rate of the mean curve with a star if there is something to mind, mean of pictures, range."""
    if bd is None:
        return ["", "", ""]
    star = "*" if bd["warnings"] else ""
    low_high = "-" if bd["overlap"] is None else f"{bd['overlap'][0]:.1f}-{bd['overlap'][1]:.1f}"
    return [_number(bd["of_mean_curve"], "+.1f") + star, _number(bd["mean_of_pictures"], "+.1f"), low_high]


def _time_cells(coder: Mapping[str, Any]) -> list[str]:
    seconds = [_number(coder[name], ".3f") for name in ("encode_seconds", "decode_seconds")]
    return seconds + [_number(coder[name], ".0f") for name in ("encode_peak_mb", "decode_peak_mb")]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
