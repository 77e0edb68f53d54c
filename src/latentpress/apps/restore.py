"""``latentpress restore``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

import latentpress
from latentpress.apps import folders, options, streams
from latentpress.apps.progress_line import progress_line

__all__ = ["restore"]


def restore(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="JPEG file (or another that was one once), a folder, - for stdin.")
    ],
    output: Annotated[
        str | None,
        typer.Argument(
            metavar="OUT",
            help="Picture to write, in the format of its ending, - for PNG on stdout; without it: IN with .png.",
        ),
    ] = None,
    strength: Annotated[float, typer.Option(min=0, max=1, help="Share of the correction that is applied.")] = 1.0,
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, show_default="from the file", help="JPEG quality that the artefacts come from."),
    ] = None,
    project: Annotated[
        bool | None,
        typer.Option(
            "--project/--no-project",
            show_default="where the file's tables are used",
            help="Hold the result to what the file says: compressed again, it gives the same file's coefficients.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Model: a name, or a folder of a package.")] = None,
    format: Annotated[
        str | None,
        typer.Option(show_default="png", help="Folders: the format of the pictures: png, ppm, tif, webp ..."),
    ] = None,
    threads: options.Threads = None,
    output_option: options.Output = None,
    jobs: options.Jobs = None,
    scheduler: options.Scheduler = None,
    max_pixels: options.MaxPixels = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Take the artefacts out of a JPEG, or out of every JPEG in a folder.

    Size, colour profile, EXIF and XMP stay. The tables in the file say how strong the artefacts are; if it was saved
    again, or is no JPEG any more, they are estimated.

    Example: latentpress restore old.jpg -o clean.png

    A folder with all in it, to be stopped at any time and taken up again: latentpress restore album -o clean
    """
    output = streams.one_output(output, output_option)
    streams.allow_pixels(max_pixels)
    how = folders.FolderOptions(jobs, threads or 1, scheduler, json, force, quiet)
    if folders.is_folder(source):
        from latentpress.jobs import Restore

        folders.run_folder(
            Restore(model, strength, quality, project, format or "png", how.threads), source, output, how
        )
        return
    how.refuse(source, format)
    output = streams.choose_output(source, output, ".png", force=force)
    data = streams.read_bytes(source)
    start = time.perf_counter()
    with streams.naming(source), progress_line("restore", quiet=quiet):
        done = latentpress.restore(
            data, model=model, threads=threads, strength=strength, quality=quality, project=project
        )
    seconds = time.perf_counter() - start
    streams.write_picture(output, done.image)
    place = streams.shown(output, "standard output")
    line = f"{place}: {streams.layout(done.image)}, {_words(done)}, {seconds:.2f} s"
    streams.report(line, output, quiet=quiet)


def _words(done: latentpress.Restored) -> str:
    """What the artefacts were taken for, and whether the result is true to the file."""
    quality = done.quantisation.quality
    words = {
        "file": f"quality {quality}" if done.quantisation.standard else f"about quality {quality}, own tables",
        "hint": f"quality {quality} as told",
        "estimate": f"quality {quality} estimated",
    }[done.origin]
    return words if done.kept is None else f"{words}, {100 * done.kept:.2f} % of blocks as in the file"
