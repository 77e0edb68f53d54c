"""``latentpress compress`` and ``latentpress decompress``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

import latentpress
from latentpress.apps import streams

__all__ = ["compress", "decompress"]

_Threads = Annotated[int | None, typer.Option(min=1, show_default="all cores", help="CPU threads to use.")]
_Force = Annotated[bool, typer.Option("--force", "-f", help="Replace an existing output.")]
_Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def compress(
    source: Annotated[str, typer.Argument(metavar="IN", help="Picture file (PNG, JPEG, WebP, TIFF ...), - for stdin.")],
    output: Annotated[
        str | None, typer.Argument(metavar="OUT", help="File to write, - for stdout; without it: IN with .lpx.")
    ] = None,
    quality: Annotated[
        float, typer.Option("--quality", "-Q", min=0, max=100, help="0 smallest file ... 100 best picture; any number.")
    ] = 50.0,
    codec: Annotated[str, typer.Option(help="Codec to use; see: latentpress codecs.")] = "hyperprior",
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Model of the codec: a name, or a folder made by latentpress export."),
    ] = None,
    threads: _Threads = None,
    force: _Force = False,
    quiet: _Quiet = False,
) -> None:
    """Compress a picture into an .lpx file.

    8-bit gray and RGB pictures of any size are accepted.

    Example: latentpress compress photo.png --quality 40
    """
    output = streams.choose_output(source, output, ".lpx", force=force)
    settings = {key: value for key, value in {"model": model, "threads": threads}.items() if value is not None}
    image = streams.read_picture(source)
    start = time.perf_counter()
    data = latentpress.compress(image, quality, latentpress.get_codec(codec, **settings) if settings else codec)
    seconds = time.perf_counter() - start
    streams.write_bytes(output, data)
    streams.report(
        f"{streams.shown(output, 'standard output')}: {image.width}x{image.height} {image.mode}, {len(data):,} bytes, "
        f"{8 * len(data) / (image.width * image.height):.3f} bpp, {image.pixels.size / len(data):.1f} times smaller "
        f"than raw, {seconds:.2f} s",
        output,
        quiet=quiet,
    )


def decompress(
    source: Annotated[str, typer.Argument(metavar="IN", help="An .lpx file, - for stdin.")],
    output: Annotated[
        str | None,
        typer.Argument(
            metavar="OUT",
            help="Picture to write, in the format of its ending (.png .ppm .tif .webp .jpg ...), - for PNG on stdout; "
            "without it: IN with .png.",
        ),
    ] = None,
    threads: _Threads = None,
    force: _Force = False,
    quiet: _Quiet = False,
) -> None:
    """Restore the picture from an .lpx file.

    The file says which codec and model made it. PNG, PPM, TIFF, BMP and WebP keep every sample.

    Example: latentpress decompress photo.lpx photo.png
    """
    output = streams.choose_output(source, output, ".png", force=force)
    data = streams.read_bytes(source)
    start = time.perf_counter()
    with streams.naming(source):
        image = latentpress.decompress(data) if threads is None else _decode(data, threads)
    seconds = time.perf_counter() - start
    streams.write_picture(output, image)
    streams.report(
        f"{streams.shown(output, 'standard output')}: {image.width}x{image.height} {image.mode}, {seconds:.2f} s",
        output,
        quiet=quiet,
    )


def _decode(data: bytes, threads: int) -> latentpress.Image:
    """Decode with a chosen number of threads."""
    from latentpress.codecs import codec_for
    from latentpress.container import read_header

    return codec_for(read_header(data), threads=threads).decode(data)
