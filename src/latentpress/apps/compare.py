"""``latentpress compare``: versions of one picture, in numbers and on a page with a slider."""

from __future__ import annotations

import io
import math
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import latentpress
from latentpress.apps import streams
from latentpress.apps.texts import plain, tell
from latentpress.container import MAGIC
from latentpress.errors import InvalidInputError
from latentpress.image import read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentpress.bench.report import Entry

__all__ = ["compare"]


def compare(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="The original: a picture file or .lpx, - for stdin.")
    ],
    versions: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Versions of it: picture files or .lpx.")
    ] = None,
    codecs: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Compress the reference with these too, each to the rate of --bpp."),
    ] = None,
    bpp: Annotated[
        float | None, typer.Option(min=0.001, show_default="0.5", help="Rate for --codecs, in bits a pixel.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="PAGE.html", help="Write a page with a slider, in one file.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the web browser.")] = False,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace an existing page.")] = False,
) -> None:
    r"""Compare versions of a picture: size, rate, PSNR and MS-SSIM of each, against the first.

    The page of --output shows any two of them with a slider, zoom and their difference. Names for --codecs are those of
    latentpress bench. Samples are compared in 8 bits, alpha laid over white. MS-SSIM and most codecs of others need the
    extra 'bench'.

    Example: latentpress compare photo.png photo.lpx photo.jpg --open

    Example: latentpress compare photo.png --codecs hyperprior,jpeg,avif --bpp 0.3 -o page.html
    """
    if output == streams.STANDARD:
        raise InvalidInputError("the page goes into a file: name one with --output")
    if output is not None:
        output = streams.choose_output(reference, output, ".html", force=force)
    files = list(versions or ())
    ids = [id.strip() for id in (codecs or "").split(",") if id.strip()]
    if not files and not ids:
        raise InvalidInputError("nothing to compare with: name more files, or codecs with --codecs")
    if bpp is not None and not ids:
        raise InvalidInputError("--bpp is the rate for --codecs: name some")
    original, entries = _entries(reference, files, ids, 0.5 if bpp is None else bpp)
    print(plain("\n".join(_lines([original, *entries]))))
    if output is None and show:
        # Not removed: the browser reads it after this process has ended.
        with tempfile.NamedTemporaryFile(prefix="latentpress-", suffix=".html", delete=False) as stream:
            output = stream.name
    if output is None:
        return
    from latentpress.bench.report import write_comparison

    write_comparison(original, entries, output)
    print(plain(f"{output}: the page, {Path(output).stat().st_size:,} bytes"))
    if show and not webbrowser.open(Path(output).resolve().as_uri()):
        tell(f"latentpress: found no web browser to open {output}")


def _entries(reference: str, files: Sequence[str], ids: Sequence[str], bpp: float) -> tuple[Entry, list[Entry]]:
    """The reference and all versions of it, measured.

    Where one of them is in colour, or a coder knows nothing else, gray pictures stand for their RGB.
    """
    from latentpress.bench.coders import get_coder
    from latentpress.bench.report import Entry, encode_to_rate, measure_coded

    coders = [get_coder(id) for id in ids]  # a wrong name is told before any work
    names = _names([reference, *files], [coder.id for coder in coders])
    loaded = [_load(file) for file in (reference, *files)]
    gray = loaded[0][1]
    height, width, _ = gray.shape
    for file, (_, version, _) in zip(files, loaded[1:], strict=True):
        if version.shape[:2] != (height, width):
            raise InvalidInputError(
                f"{streams.shown(file)} is {version.shape[1]}x{version.shape[0]}, but the reference is {width}x{height}"
            )
    channels = max([version.shape[2] for _, version, _ in loaded] + [1 if coder.gray else 3 for coder in coders])
    pixels = _in_channels(gray, channels)
    measured = [
        Entry(name, measure_coded(pixels, data, _in_channels(version, channels)), note=note)
        for name, (data, version, note) in zip(names, loaded, strict=True)
    ]
    for coder in coders:
        coded = encode_to_rate(coder, gray if coder.gray else pixels, bpp)
        coded = measure_coded(pixels, coded.data, _in_channels(coded.pixels, channels), coded.quality)
        far = not math.isclose(coded.bpp, bpp, rel_tol=0.1) and not coder.lossless
        measured.append(Entry(coder.id, coded, coder.quality_name, f"its nearest to {bpp:g} bpp" if far else ""))
    return measured[0], measured[1:]


def _load(place: str) -> tuple[bytes, NDArray[np.uint8], str]:
    """The bytes of a file, its samples as uint8 (height, width, 1 or 3), and what was changed for that."""
    from latentpress.bench.pictures import plain_pixels

    data = streams.read_bytes(place)
    if data.startswith(MAGIC):
        with streams.naming(place):
            image = latentpress.decompress(data)
    else:
        image = read(io.BytesIO(data)) if place == streams.STANDARD else streams.read_picture(place)
    return data, *plain_pixels(image)


def _in_channels(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Gray as RGB if ``channels`` says so."""
    return pixels if pixels.shape[2] == channels else pixels.repeat(channels, axis=2)


def _names(files: Sequence[str], ids: Sequence[str]) -> list[str]:
    """What files are called: by their last part where that tells them apart. Raises InvalidInputError for one twice."""
    short = [Path(streams.shown(file)).name for file in files]
    names = short if len({*short, *ids}) == len(short) + len(ids) else [streams.shown(file) for file in files]
    if len({*names, *ids}) < len(names) + len(ids):
        raise InvalidInputError("a file or codec is named twice; name each once")
    return names


def _lines(entries: Sequence[Entry]) -> list[str]:
    """A table for the terminal: the reference, then its versions."""
    width = max(len(entry.name) for entry in entries) + 2
    lines = [f"{'':{width}}{'bytes':>12}{'bpp':>9}{'PSNR dB':>10}{'MS-SSIM':>10}"]
    for place, entry in enumerate(entries):
        coded = entry.coded
        psnr = "inf" if math.isinf(coded.psnr) else f"{coded.psnr:.2f}"
        similarity = "-" if coded.ms_ssim is None else f"{coded.ms_ssim:.4f}"
        quality = "" if coded.quality is None else f"{entry.quality_name} {coded.quality:.4g}"
        note = ", ".join(filter(None, (quality, entry.note)))
        if place == 0:
            psnr, similarity, note = "", "", ", ".join(filter(None, ("reference", entry.note)))
        line = f"{entry.name:{width}}{len(coded.data):>12,}{coded.bpp:>9.3f}{psnr:>10}{similarity:>10}  {note}"
        lines.append(line.rstrip())
    return lines
