"""Command line options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from latentpress.limits import MAX_THREADS

__all__ = ["Codec", "Force", "Jobs", "Json", "MaxPixels", "Output", "Quiet", "Scheduler", "Threads"]


def _codecs(start: str) -> list[str]:
    """Codecs for the shell to complete."""
    import latentpress

    return [one.id for one in latentpress.list_codecs() if one.id.startswith(start)]


Codec = Annotated[
    str,
    typer.Option(
        show_default="hyperprior, or mlp-lossless for lossless",
        help="Codec to use; see: latentpress codecs.",
        autocompletion=_codecs,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MAX_THREADS,
        show_default="all cores; for folders 1 a file",
        help="CPU threads to use for a picture.",
    ),
]
MaxPixels = Annotated[
    int | None, typer.Option(min=1, show_default="268 million", help="Largest picture to accept, in pixels.")
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace an existing output.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no results, only errors, and warnings of what is lost.")
]
Output = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="OUT", help="The same as OUT; for a folder, that of the results."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=MAX_THREADS,
        show_default="all cores",
        help="Folders: how many files to work on at a time.",
    ),
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="tcp://HOST:PORT", help="Folders: work on the Dask cluster of this scheduler.")
]
Json = Annotated[bool, typer.Option("--json", help="Folders: print the summary as JSON.")]
