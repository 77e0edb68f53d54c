"""``latentpress standardise``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from latentpress.apps import folders, options, streams
from latentpress.errors import InvalidInputError

__all__ = ["standardise"]


def standardise(
    source: Annotated[str, typer.Argument(metavar="DIR", help="Folder of pictures, with the folders in it.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="Folder for the results.")],
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Bring each picture to this size.")] = None,
    max_side: Annotated[
        int | None, typer.Option(metavar="N", help="Make larger pictures smaller: N pixels the longer side.")
    ] = None,
    fit: Annotated[
        Literal["crop", "pad"], typer.Option(help="With --size: cut off what is too long, or fill what is too short.")
    ] = "crop",
    colour: Annotated[Literal["rgb", "gray"], typer.Option(help="sRGB, or its luma.")] = "rgb",
    background: Annotated[
        str, typer.Option(help="Colour behind transparent parts and beside the picture: white, #8080ff.")
    ] = "white",
    format: Annotated[str, typer.Option(help="Format of the results: png, ppm, tif, bmp, webp, jpg.")] = "png",
    jobs: options.Jobs = None,
    scheduler: options.Scheduler = None,
    max_pixels: options.MaxPixels = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Bring the pictures of a folder to one size, format and colour space: 8 bits, without alpha and metadata.

    A second run does what is new or was not done; see docs/folders.md.

    Example: latentpress standardise photos -o set --size 512x512
    """
    from latentpress.image.standardise import Standard
    from latentpress.jobs import Standardise

    streams.allow_pixels(max_pixels)
    width, height = _parse_size(size) if size is not None else (None, None)
    standard = Standard(width, height, max_side, fit, colour, background)
    if not folders.is_folder(source):
        raise InvalidInputError(f"{source} is not a folder")
    how = folders.FolderOptions(jobs, 1, scheduler, json, force, quiet)
    folders.run_folder(Standardise(standard, format), source, output, how)


def _parse_size(text: str) -> tuple[int, int]:
    """``WxH`` as two numbers; raises InvalidInputError."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise InvalidInputError(f"--size must be two whole numbers WxH such as 512x512, not {text!r}") from None
    return width, height
