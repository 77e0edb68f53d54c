"""``latentpress bench``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError

if TYPE_CHECKING:
    from latentpress.bench.coders import Coder

__all__ = ["bench"]


def bench(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of lossless pictures (PNG, PPM, TIFF, BMP ...).")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")],
    codecs: Annotated[str, typer.Option(metavar="A,B,...", help="Coders to measure, or: all.")] = "all",
    metrics: Annotated[str, typer.Option(metavar="A,B,...", help="Metrics of the decoded pictures.")] = "psnr,ms-ssim",
    anchor: Annotated[
        str | None,
        typer.Option(metavar="CODEC", show_default="jpeg-420", help="What BD-rates are taken against."),
    ] = None,
    qualities: Annotated[
        list[str] | None,
        typer.Option(metavar="CODEC=Q,Q,...", help="Qualities of a coder in place of its own; repeatable."),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, show_default="one a core", help="Worker processes.")] = None,
    timing: Annotated[bool, typer.Option("--time/--no-time", help="Time the coders, one at a time.")] = True,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html.")] = True,
    named: Annotated[
        str | None,
        typer.Option("--set", metavar="NAME", help="Refuse a folder that is not this set, such as kodak."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier results in the folder.")] = False,
) -> None:
    r"""Measure codecs, ours and others', on a folder of pictures.

    Writes results.jsonl (every point), timing.jsonl, summary.json (BD-rates, mean curves, times), plots as PNG and SVG
    and report.html. Stopped at any time, the same command goes on where it was. Keep the machine idle while it times.
    Needs the extra 'bench'.

    Example: latentpress bench --codecs hyperprior,jpeg-420,webp --data kodak --out results
    """
    from rich.console import Console

    with needs_extra("the bench command", "bench"):
        import matplotlib  # noqa: F401 - to fail before the work, not after it
        import scipy  # noqa: F401

    from latentpress.bench.coders import full_id
    from latentpress.bench.pictures import find_pictures
    from latentpress.bench.plots import write_plots
    from latentpress.bench.report import write_report
    from latentpress.bench.runner import run_bench
    from latentpress.bench.screen import print_summary, show_progress
    from latentpress.bench.selection import select_coders
    from latentpress.bench.sets import check_set
    from latentpress.bench.summary import choose_anchor, summarise, write_summary
    from latentpress.bench.timing import time_coders

    coders, missing = select_coders(_split(codecs, "--codecs"), _qualities(qualities or ()))
    chosen = choose_anchor(_lossy(coders), anchor and full_id(anchor))
    pictures = find_pictures(data)
    if named is not None:
        check_set(named, pictures)
    names = _split(metrics, "--metrics")
    errors = Console(stderr=True)
    try:
        with show_progress("measuring", errors) as tell:
            run = run_bench(
                coders, pictures, out, metrics=names, jobs=jobs, progress=tell, missing=missing, fresh=fresh
            )
        times = None
        if timing:
            with show_progress("timing", errors) as tell:
                times = time_coders(coders, pictures, out, run=run, progress=tell, fresh=fresh)
        summary = summarise(run, chosen, times)
        write_summary(summary, out / "summary.json")
        write_plots(summary, out)
        print_summary(summary, Console())
        if report:
            with show_progress("report", errors) as tell:
                write_report(run, summary, pictures, out / "report.html", jobs=jobs or 1, progress=tell)
    except KeyboardInterrupt:
        print(f"stopped; what is measured is kept in {out}: the same command goes on from there", file=sys.stderr)
        raise
    print(f"results are in {out}")


def _split(value: str, option: str) -> list[str]:
    """The names in a comma-separated list; raises InvalidInputError if there is none."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names:
        raise InvalidInputError(f"{option} needs at least one name")
    return names


def _qualities(values: Sequence[str]) -> dict[str, list[float]]:
    """``["webp=5,20", ...]`` as a dictionary; raises InvalidInputError for anything else."""
    found: dict[str, list[float]] = {}
    for value in values:
        id, equals, numbers = value.partition("=")
        try:
            found[id] = [float(number) for number in numbers.split(",")]
        except ValueError:
            equals = ""
        if not equals:
            raise InvalidInputError(f"--qualities takes CODEC=NUMBER,NUMBER,..., not {value!r}")
    return found


def _lossy(coders: Sequence[Coder]) -> list[str]:
    return [coder.id for coder in coders if not coder.lossless]
