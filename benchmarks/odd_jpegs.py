"""JPEG files as they are found in the world, made here: by all writers that are installed, with every option, and bent.

`odd_jpegs` gives them by name. What a writer is not installed for is left out.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from latentpress.codecs.jpeg import encode_jpeg, encode_lossless

Made = Iterator[tuple[str, bytes]]


def odd_jpegs(picture: Image.Image) -> Made:
    """Files of an RGB picture."""
    for writer in (_pillow, _libjpeg_turbo, _mozjpeg, _jpegli, _ffmpeg, _ours, _bent):
        with contextlib.suppress(ImportError):
            yield from ((f"{writer.__name__[1:]} {name}", data) for name, data in writer(picture))


def _saved(picture: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, options.pop("format", "JPEG"), **options)
    return stream.getvalue()


def _pillow(picture: Image.Image) -> Made:
    for quality, sampling in itertools.product((3, 97, 100), ("4:4:4", "4:2:2", "4:2:0")):
        yield f"q{quality} {sampling}", _saved(picture, quality=quality, subsampling=sampling)
    for mode, progressive in itertools.product(("L", "CMYK", "1"), (False, True)):
        yield f"{mode} progressive={progressive}", _saved(picture.convert(mode), progressive=progressive)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "turned"
    thumbnail = _saved(picture.resize((64, 48)))
    yield "exif", _saved(picture, exif=exif)
    yield "exif with a preview", _saved(picture, exif=b"Exif\0\0" + exif.tobytes()[6:] + thumbnail)
    profile = bytes(range(256)) * 300
    yield "profile, comment, dpi", _saved(picture, icc_profile=profile, comment=b"\xff\xd8", dpi=(72, 72))
    yield "tables of 16 bits", _saved(picture, qtables=[[min(i * 9 + 1, 400) for i in range(64)]] * 2)
    yield "flat tables", _saved(picture, qtables=[[1] * 64, [99] * 64])
    yield "restarts, progressive", _saved(picture, restart_marker_rows=1, progressive=True, optimize=True)
    yield "rgb kept", _saved(picture, keep_rgb=True)
    yield "streamtype 2", _saved(picture, streamtype=2)
    with_tables = _saved(picture, streamtype=1) + b"and more"
    yield "tables only", with_tables
    yield "mpo", _saved(picture, format="MPO", save_all=True, append_images=[picture.rotate(180)])
    yield "one pixel", _saved(picture.resize((1, 1)))
    yield "one row", _saved(picture.resize((3000, 1)))


def _libjpeg_turbo(picture: Image.Image) -> Made:
    import imagecodecs

    pixels = np.asarray(picture)
    for sampling in ("411", "440", "422", "420", "444"):
        yield sampling, bytes(imagecodecs.jpeg8_encode(pixels, 88, subsampling=sampling, optimize=True))
    yield "smoothed", bytes(imagecodecs.jpeg8_encode(pixels, 70, smoothing=50))
    yield "rgb", bytes(imagecodecs.jpeg8_encode(pixels, 90, colorspace="RGB", outcolorspace="RGB"))
    inks = np.asarray(picture.convert("CMYK"))
    yield "ycck", bytes(imagecodecs.jpeg8_encode(inks, 90, colorspace="CMYK", outcolorspace="YCCK"))
    deep = pixels.astype(np.uint16) << 4
    yield "12 bits", bytes(imagecodecs.jpeg8_encode(deep, 90, bitspersample=12))
    yield "lossless", bytes(imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=4))


def _mozjpeg(picture: Image.Image) -> Made:
    try:
        import pyvips
    except (ImportError, OSError) as error:
        raise ImportError from error
    source = pyvips.Image.new_from_array(np.asarray(picture))
    trellis = {"trellis_quant": True, "overshoot_deringing": True, "optimize_coding": True}
    for quality, scans in itertools.product((40, 80), (False, True)):
        options = trellis | {"Q": quality, "interlace": scans, "optimize_scans": scans}
        yield f"q{quality} progressive={scans}", source.jpegsave_buffer(**options)
    yield "restarts, table 3", source.jpegsave_buffer(Q=75, restart_interval=7, quant_table=3)
    yield "arrays of scans, 4:4:4", source.jpegsave_buffer(Q=93, subsample_mode="off", interlace=True)


def _jpegli(picture: Image.Image) -> Made:
    import pyjpegli

    for quality in (50, 90):
        yield f"q{quality}", bytes(pyjpegli.encode(picture.tobytes(), picture.width, picture.height, quality))


def _ffmpeg(picture: Image.Image) -> Made:
    import imageio_ffmpeg

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.png"
        picture.save(source)
        for sampling, level in itertools.product(("yuvj420p", "yuvj422p", "yuvj444p", "gray"), (2, 12)):
            target = Path(folder) / f"{sampling}{level}.jpg"
            command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", source, "-pix_fmt", sampling]
            subprocess.run([*command, "-q:v", str(level), "-strict", "-1", target], check=True)
            yield f"{sampling} {level}", target.read_bytes()


def _ours(picture: Image.Image) -> Made:
    pixels = np.asarray(picture)
    yield "arithmetic", encode_jpeg(pixels, 80, arithmetic=True)
    yield "arithmetic, progressive", encode_jpeg(pixels, 80, arithmetic=True, progressive=True)
    yield "lossless", encode_lossless(pixels, 6)


def _bent(picture: Image.Image) -> Made:
    plain, stepwise = _saved(picture, quality=85), _saved(picture, quality=85, progressive=True)
    scan = plain.index(b"\xff\xda")
    frame = plain.index(b"\xff\xc0")
    yield "bytes behind the end", plain + b"\0" * 1000 + b"\xff\xd8\xff"
    yield "two files, one after another", plain + stepwise
    yield "no end marker", plain[:-2]
    yield "cut in the middle", plain[: len(plain) // 2]
    yield "cut between scans", stepwise[: stepwise.rindex(b"\xff\xda")]
    yield "other padding bits", _with_last_bits(plain, 0)
    yield "fill bytes before markers", plain[:scan] + b"\xff\xff\xff" + plain[scan:]
    yield "an empty comment", plain[:frame] + b"\xff\xfe\x00\x02" + plain[frame:]
    yield "no JFIF segment", plain[:2] + plain[20:]
    yield "ids from zero", _renamed(plain[:2] + plain[20:], bytes(range(3)))
    yield "extended frame", plain[: frame + 1] + b"\xc1" + plain[frame + 2 :]
    yield "zero bytes within a scan's end", plain[:-2] + b"\0\0\0" + plain[-2:]
    lines = plain[frame + 5 : frame + 7]
    without = plain[: frame + 5] + b"\0\0" + plain[frame + 7 : -2]
    yield "height behind the first scan", without + b"\xff\xdc\x00\x04" + lines + plain[-2:]
    yield "a restart marker missing", _saved(picture, restart_marker_blocks=4).replace(b"\xff\xd3", b"", 1)
    yield "a bit turned", plain[: scan + 500] + bytes([plain[scan + 500] ^ 1]) + plain[scan + 501 :]
    yield "the last two scans changed over", _swapped(stepwise)
    for name, edit in _SINGLE.items():
        yield name, edit(plain)


def _with_last_bits(data: bytes, fill: int) -> bytes:
    """The byte before the end with its last bit changed, which is padding nearly always."""
    return data[:-3] + bytes([data[-3] & 0xFE | fill]) + data[-2:]


def _renamed(data: bytes, ids: bytes) -> bytes:
    """Other names of the components."""
    frame, scan, out = data.index(b"\xff\xc0"), data.index(b"\xff\xda"), bytearray(data)
    for number, id in enumerate(ids):
        out[frame + 10 + 3 * number] = out[scan + 5 + 2 * number] = id
    return bytes(out)


def _swapped(data: bytes) -> bytes:
    """The refinement of chroma, done after that of luma."""
    starts = [place for place in range(len(data) - 1) if data[place : place + 2] == b"\xff\xc4"][-2:]
    return data[: starts[0]] + data[starts[1] : -2] + data[starts[0] : starts[1]] + data[-2:]


_SINGLE: dict[str, Callable[[bytes], bytes]] = {
    "an application segment of the largest size": lambda data: data[:2] + b"\xff\xef\xff\xff" + b"x" * 65533 + data[2:],
    "tables twice": lambda data: data[:20] + data[20 : 20 + 69] + data[20:],
    "a table that nobody uses": lambda data: data[:20] + b"\xff\xdb\x00\x43\x03" + b"\x05" * 64 + data[20:],
}
