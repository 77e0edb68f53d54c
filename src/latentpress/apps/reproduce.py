"""``latentpress reproduce``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from latentpress.apps import options
from latentpress.apps.progress_line import BACK_AND_CLEAR, progress_line

__all__ = ["reproduce"]


def reproduce(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY]", help="Which study; without one, they are listed.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Folder of pictures, as the list says; may be repeated.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of pictures to measure on, where a study trains.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for STUDY.json, STUDY.md and STUDY.html.")] = Path(
        "reproduced"
    ),
    quiet: options.Quiet = False,
) -> None:
    r"""Measure again what the surveys behind this project printed, and set the printed figures beside.

    Needs the extras 'bench' and 'train'.

    Example: latentpress reproduce s1-table1 --data kodak --out results
    """
    from latentpress.studies import STUDIES, Request, get_study, to_markdown, write_result

    if study is None:
        for found in STUDIES.values():
            needs = {"--data": found.data, "--test": found.test}
            options = "; ".join(f"{option} {what}" for option, what in needs.items() if what)
            print(f"{found.name:16}{found.about}" + (f"\n{'':16}{options}" if options else ""))
        return
    say = (lambda line: None) if quiet else _progress
    with progress_line(f"reproduce {study}", quiet=quiet):
        result = get_study(study).run(Request(tuple(data or ()), test, say))
    paths = write_result(result, out)
    print(to_markdown(result))
    print(f"written: {', '.join(map(str, paths))}", file=sys.stderr)


def _progress(line: str) -> None:
    """Print a line of progress on standard error, in place of the one that shows how far it is."""
    print(f"{BACK_AND_CLEAR if sys.stderr.isatty() else ''}{line}", file=sys.stderr, flush=True)
