"""A command on a whole folder: where the work is done, the progress bar, the summary, the exit status."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from latentpress import remote
from latentpress.apps.sizes import shown_size
from latentpress.apps.streams import STANDARD
from latentpress.apps.texts import one_line, tell
from latentpress.errors import InvalidInputError

if TYPE_CHECKING:
    from latentpress.jobs import Executor, Outcome, Plan, Summary, Work

__all__ = ["FolderOptions", "is_folder", "run_folder"]

_INTERRUPTED = 130


@dataclass(frozen=True)
class FolderOptions:
    """How to go about a folder. jobs: files at a time, None: as many as the cores allow. threads: for each file.
    scheduler: of a Dask cluster. json: the summary as JSON. force: make everything anew. quiet: print no results,
    only errors and warnings.
    """

    jobs: int | None = None
    threads: int = 1
    scheduler: str | None = None
    json: bool = False
    force: bool = False
    quiet: bool = False

    def refuse(self, source: str, format: str | None = None) -> None:
        """Raise InvalidInputError if an option for folders is given with ``source``, which is none."""
        given = {"--jobs": self.jobs, "--scheduler": self.scheduler, "--json": self.json, "--format": format}
        for name, value in given.items():
            if value:
                raise InvalidInputError(f"{name} is for folders, and {source} is none")


def is_folder(place: str) -> bool:
    """Whether a path or URL is that of a folder."""
    place = remote.local_path(place)
    if place == STANDARD:
        return False
    if remote.is_url(place):
        return remote.is_folder(place)
    try:
        return bool(place) and Path(place).is_dir()
    except ValueError:  # a null character
        return False


def run_folder(work: Work, source: str, output: str | None, options: FolderOptions) -> None:
    """Do ``work`` on the files of a folder, and report.

    The progress bar, failures and warnings go to standard error, the summary to standard output. Ends the command with
    status 1 if a file has failed, and with 130 after Ctrl-C.

    Raises InvalidInputError without an output folder, and as `FolderJob` and the executors do.
    """
    from latentpress.jobs import FolderJob, Summary

    if output is None:
        raise InvalidInputError(
            f"cannot read {source} as one file: it is a folder; name a folder for the results: -o OUT"
        )
    start = time.perf_counter()
    job = FolderJob(work, source, output, force=options.force)
    executor = _executor(options, source, output)
    plan = job.plan()
    summary = Summary.of(plan)
    interrupted = False
    try:
        with _progress(work.name, plan, options) as advance, contextlib.closing(job.run(plan, executor)) as outcomes:
            for outcome in outcomes:
                summary.add(outcome)
                advance(outcome)
    except KeyboardInterrupt:
        interrupted = True
    seconds = time.perf_counter() - start
    _print_problems(summary)
    if options.json:
        print(json.dumps(_as_json(work, job.source.place, job.output.place, summary, seconds, interrupted), indent=2))
    elif not options.quiet:
        _print_table(work, summary, seconds)
    if interrupted:
        left = len(plan.todo) - len(summary.made) - (len(summary.failed) - len(plan.failed))
        again = " without --force" if options.force else ""
        print(
            f"latentpress: stopped with {left:,} files to go; the same command{again} goes on from here",
            file=sys.stderr,
        )
        raise typer.Exit(_INTERRUPTED)
    if summary.failed:
        raise typer.Exit(1)


def _executor(options: FolderOptions, source: str, output: str) -> Executor:
    """Where the work is done. What is in this process's memory can only be worked on here."""
    from latentpress.jobs import DaskCluster, InProcess, LocalProcesses
    from latentpress.processes import usable_cores

    in_memory = any(remote.is_url(place) and remote.scheme_of(place) == "memory" for place in (source, output))
    if options.scheduler is not None:
        if in_memory:
            raise InvalidInputError("memory:// is the memory of this process: a cluster does not see it")
        return DaskCluster(options.scheduler, options.jobs)
    return InProcess() if in_memory else LocalProcesses(options.jobs or max(1, usable_cores() // options.threads))


@contextlib.contextmanager
def _progress(name: str, plan: Plan, options: FolderOptions) -> Iterator[Callable[[Outcome], None]]:
    """A progress bar on standard error, if that is a terminal; gives the function that moves it on."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[files]:,} of {task.fields[of]:,} files"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    # The bar and the time left go by bytes: files of one folder may be a thousand times as large as others.
    total = sum(task.bytes_in for task in plan.todo)
    start = time.perf_counter()
    count = done = 0
    hidden = options.quiet or not console.is_terminal or not plan.todo
    with Progress(*columns, console=console, disable=hidden, speed_estimate_period=120) as progress:
        bar = progress.add_task(name, total=total, files=0, of=len(plan.todo), rate="")

        def advance(outcome: Outcome) -> None:
            nonlocal count, done
            count, done = count + 1, done + outcome.bytes_in
            seconds = max(time.perf_counter() - start, 1e-9)
            rate = f"{count / seconds:.3g} files/s, {shown_size(done / seconds)}/s"
            progress.update(bar, completed=done, files=count, rate=rate)

        yield advance


def _print_problems(summary: Summary) -> None:
    """Warnings, then the files that have failed, on standard error."""
    for outcome in sorted(summary.made, key=lambda outcome: outcome.name):
        for warning in outcome.warnings:
            tell(f"warning: {warning}")
    if summary.failed:
        total = len(summary.failed) + len(summary.made) + len(summary.done)
        print(f"latentpress: {len(summary.failed):,} of {total:,} files failed:", file=sys.stderr)
    for outcome in sorted(summary.failed, key=lambda outcome: outcome.name):
        print(f"  {one_line(f'{outcome.name}: {outcome.error}')}", file=sys.stderr)


def _print_table(work: Work, summary: Summary, seconds: float) -> None:
    """Files, bytes in, bytes out and ratio, of this run and of all."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", *(("files", "bytes in", "bytes out", "ratio")), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    rows = {"done now": summary.made, "done before": summary.done, "all": [*summary.made, *summary.done]}
    for name, outcomes in rows.items():
        bytes_in, bytes_out = (sum(getattr(one, key) for one in outcomes) for key in ("bytes_in", "bytes_out"))
        ratio = f"{bytes_in / bytes_out:.2f}" if bytes_out else "-"
        table.add_row(name, f"{len(outcomes):,}", f"{bytes_in:,}", f"{bytes_out:,}", ratio)
    table.add_row("failed", f"{len(summary.failed):,}", "", "", "")
    console = Console(file=sys.stdout)
    console.print(table)
    psnrs = [one.psnr for one in summary.made if one.psnr is not None]
    if psnrs:
        print(f"PSNR {sum(psnrs) / len(psnrs):.2f} dB on average, {min(psnrs):.2f} dB at least")
    others = f"; files of other kinds, left alone: {summary.ignored:,}" if summary.ignored else ""
    print(f"{work.name}: {seconds:.1f} s{others}")
    kept = sum(one.kept for one in summary.made)
    if kept:
        print(f"kept down to their bytes: {kept:,} JPEG files; all samples of the other {len(summary.made) - kept:,}")
    larger = [one.name for one in summary.made if work.shrinks and one.bytes_out > one.bytes_in]
    if larger:
        more = f" and {len(larger) - 3:,} more" if len(larger) > 3 else ""
        print(f"larger than their files are the results of {', '.join(sorted(larger)[:3])}{more}")


def _as_json(
    work: Work, source: str, output: str, summary: Summary, seconds: float, interrupted: bool
) -> dict[str, Any]:
    """The summary for programs."""
    bytes_in, bytes_out = summary.bytes_in, summary.bytes_out
    return {
        "command": work.name,
        "source": source,
        "output": output,
        "settings": work.settings(),
        "made": len(summary.made),
        "done_before": len(summary.done),
        "failed": len(summary.failed),
        "ignored": summary.ignored,
        "bytes_in": bytes_in,
        "bytes_out": bytes_out,
        "ratio": bytes_in / bytes_out if bytes_out else None,
        "seconds": round(seconds, 3),
        "interrupted": interrupted,
        "files": [_file(outcome) for outcome in sorted(summary.made, key=lambda outcome: outcome.name)],
        "failures": [
            {"name": outcome.name, "error": outcome.error}
            for outcome in sorted(summary.failed, key=lambda outcome: outcome.name)
        ],
    }


def _file(outcome: Outcome) -> dict[str, Any]:
    """A file that was made in this run. psnr is null where both pictures are equal, which JSON has no number for."""
    found: dict[str, Any] = {
        "name": outcome.name, "result": outcome.result, "bytes_in": outcome.bytes_in, "bytes_out": outcome.bytes_out,
        "warnings": list(outcome.warnings), "kept": outcome.kept,
    }  # fmt: skip
    if outcome.psnr is not None:
        found["psnr"] = outcome.psnr if outcome.psnr < float("inf") else None
    return found
