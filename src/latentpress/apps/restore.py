"""``latentpress restore``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentpress.apps import streams
from latentpress.errors import InvalidInputError, LatentPressError

if TYPE_CHECKING:
    from latentpress.restoration import Restored, Restorer

__all__ = ["restore"]

_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif")


def restore(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="JPEG file (or another that was one once), a folder, - for stdin.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Picture to write, in the format of its ending, - for PNG on stdout; without it: IN with .png. For a "
            "folder: the folder to write to.",
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
    threads: Annotated[int | None, typer.Option(min=1, show_default="all cores", help="CPU threads to use.")] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, show_default="268 million", help="Largest picture to accept, in pixels.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace an existing output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Take the artefacts out of a JPEG, or out of every JPEG in a folder.

    Size, colour profile, EXIF and XMP stay. The tables in the file say how strong the artefacts are; if it was saved
    again, or is no JPEG any more, they are estimated.

    Example: latentpress restore old.jpg -o clean.png
    """
    from latentpress.restoration import Restorer

    streams.allow_pixels(max_pixels)
    if source != streams.STANDARD and Path(source).is_dir():
        jobs = _folder(Path(source), output, force=force)
    else:
        jobs = [(source, streams.choose_output(source, output, ".png", force=force))]
    restorer = Restorer(model, threads=threads)
    failed = 0
    for place, target in jobs:
        try:
            _restore_one(place, target, restorer, strength, quality, project, quiet=quiet)
        except LatentPressError as error:
            if len(jobs) == 1:
                raise
            failed += 1
            print(f"latentpress: {place}: {' '.join(str(error).split())}", file=sys.stderr)
    if failed:
        raise LatentPressError(f"{failed} of {len(jobs)} pictures could not be restored")


def _folder(source: Path, output: str | None, *, force: bool) -> list[tuple[str, str]]:
    """The JPEG files of a folder and where their results go."""
    if output is None or output == streams.STANDARD:
        raise InvalidInputError("a folder needs a folder to write to: -o FOLDER")
    found = sorted(path for path in source.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise InvalidInputError(f"{source} holds no JPEG files ({', '.join(_SUFFIXES)})")
    target = Path(output)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"cannot write to {target}: {error.strerror or error}") from None
    places = {path: target / f"{path.stem}.png" for path in found}
    if len(set(places.values())) < len(found):  # a.jpg beside a.jpeg
        places = {path: target / f"{path.name}.png" for path in found}
    return [
        (str(path), streams.choose_output(str(path), str(place), ".png", force=force)) for path, place in places.items()
    ]


def _restore_one(
    source: str,
    output: str,
    restorer: Restorer,
    strength: float,
    quality: int | None,
    project: bool | None,
    *,
    quiet: bool,
) -> None:
    from latentpress.restoration import restore as run

    data = streams.read_bytes(source)
    start = time.perf_counter()
    with streams.naming(source):
        done = run(data, restorer=restorer, strength=strength, quality=quality, project=project)
    seconds = time.perf_counter() - start
    streams.write_picture(output, done.image)
    place = streams.shown(output, "standard output")
    line = f"{place}: {streams.layout(done.image)}, {_words(done)}, {seconds:.2f} s"
    streams.report(line, output, quiet=quiet)


def _words(done: Restored) -> str:
    """What the artefacts were taken for, and whether the result is true to the file."""
    quality = done.quantisation.quality
    words = {
        "file": f"quality {quality}" if done.quantisation.standard else f"about quality {quality}, own tables",
        "hint": f"quality {quality} as told",
        "estimate": f"quality {quality} estimated",
    }[done.origin]
    return words if done.kept is None else f"{words}, {100 * done.kept:.2f} % of blocks as in the file"
