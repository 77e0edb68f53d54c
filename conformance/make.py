"""Make the streams of the conformance set that are not there yet, and their index: ``python conformance/make.py``.

A stream that was made once stays: decoders are to read it for ever. For each one the index says what it is, and what a
decoder must give: samples exactly (``samples``, SHA-256), a picture within limits of ``reference`` (the synthesis of
lossy files is float work), the bytes of a JPEG file (``jpeg``, SHA-256), or a refusal.
"""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

import latentpress
from latentpress import container
from latentpress.codecs import get_codec, tiles
from latentpress.codecs.base import Region
from latentpress.codecs.roi import Roi
from latentpress.container import STREAM, Chunk
from latentpress.image import Image, Metadata, read, write

HERE = Path(__file__).parent
INDEX = HERE / "conformance.json"
RMS, PEAK = 0.1, 1.0  # of 255, for pixels that come out of a float network


@dataclass(frozen=True)
class Case:
    """A stream: ``make`` gives its bytes. about: what it shows. refused: why a decoder must refuse it."""

    name: str
    about: str
    make: Callable[[], bytes]
    refused: str = ""
    known: dict[str, Any] = field(default_factory=dict)


def drawn(height: int, width: int, channels: int = 3, depth: int = 8) -> Image:
    """Waves of growing frequency over a slope, a dark bar, a checkered corner, and a little noise."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [
        128 + 50 * np.sin(x * (x + 3 * c) / 80) * np.cos(y / (4 + 2 * c)) + 60 * (y / height - 0.5) * (c - 1.5)
        for c in range(channels)
    ]
    samples = np.stack(planes, axis=-1) + np.random.default_rng(height).normal(0, 1.5, (height, width, channels))
    samples[height // 2 : height // 2 + 3, width // 8 :] = 20
    samples[: height // 4, : width // 4] += 60 * ((x + y) % 2)[: height // 4, : width // 4, None]
    if channels in (2, 4):
        samples[..., -1] = np.clip(4 * x + y - 20, 0, 255)
    top = 2**depth - 1
    kind = np.uint8 if depth == 8 else np.uint16
    return Image(np.clip(np.rint(samples / 255 * top), 0, top).astype(kind), depth)


def _masked(image: Image, levels: int) -> Image:
    """A picture behind a soft mask with grain, most of it in so many levels."""
    y, x = np.mgrid[: image.height, : image.width]
    noise = np.random.default_rng(image.width)
    mask = np.clip(0.5 + 0.3 * np.sin(x / 9 + 0.3) * np.cos(y / 12) + noise.normal(0, 0.01, x.shape), 0, 1)
    if levels:
        mask = np.where(noise.random(x.shape) < 0.1, mask, np.rint(mask * levels) / levels)
    pixels = image.pixels.copy()
    pixels[..., -1] = np.rint(mask * image.peak)
    return Image(pixels, image.bit_depth)


def coded(
    codec: str, image: Image, quality: float = 50, *, side: int = 0, roi: Roi | None = None, **settings: Any
) -> Any:
    """A function that codes a picture, in tiles of ``side`` latents if that is given."""

    def make() -> bytes:
        usual = tiles._SIDE, tiles._WHOLE
        if side:
            tiles._SIDE, tiles._WHOLE = side, side
        try:
            more = {} if roi is None else {"roi": roi}
            return get_codec(codec, **settings).encode(image, quality, **more)
        finally:
            tiles._SIDE, tiles._WHOLE = usual

    return make


def jpeg(**options: Any) -> bytes:
    """A JPEG file of a picture that was drawn."""
    made = io.BytesIO()
    pixels = drawn(37, 45, 3).pixels
    PillowImage.fromarray(pixels).convert(options.pop("mode", "RGB")).save(made, "JPEG", **options)
    return made.getvalue()


def cases() -> Iterator[Case]:
    """The set."""
    metadata = Metadata(b"a profile" * 9, b"MM\0*\0\0\0\x08\0\0", b"<xmp/>")
    full = drawn(33, 52, 4).with_metadata(metadata)
    usual = coded("hyperprior", drawn(40, 56))
    yield Case("hyperprior-1x1", "one pixel", coded("hyperprior", drawn(1, 1)))
    yield Case("hyperprior-gray", "gray, sides of no multiple", coded("hyperprior", drawn(13, 7, 1), 60))
    for quality in (0, 30, 71.5, 100):
        name = f"hyperprior-q{quality:g}"
        yield Case(name, f"RGB at quality {quality:g}", coded("hyperprior", drawn(65, 63), quality))
    yield Case("hyperprior-wide", "much wider than high", coded("hyperprior", drawn(3, 190), 40))
    yield Case("hyperprior-tiles", "six tiles, margins across them", coded("hyperprior", drawn(100, 150), 25, side=4))
    roi = Roi.of(90, 60, [Region(16, 16, 30, 20)])
    yield Case("hyperprior-region", "a region of interest", coded("hyperprior", drawn(60, 90), 20, roi=roi))
    yield Case("hyperprior-everything", "alpha, profile, EXIF, XMP", coded("hyperprior", full, 45))
    yield Case("hyperprior-gray-alpha", "gray and alpha", coded("hyperprior", drawn(20, 31, 2), 45))
    for name, levels in (("soft", 0), ("drawn", 30)):
        masked = coded("hyperprior", _masked(drawn(34, 50, 4), levels), 45)
        yield Case(f"hyperprior-{name}-alpha", "alpha by the lossless codec's prediction", masked)
    yield Case("hyperprior-10-bit", "gray of 10 bits", coded("hyperprior", drawn(24, 40, 1, 10), 70))
    yield Case("hyperprior-16-bit", "RGB of 16 bits", coded("hyperprior", drawn(40, 24, 3, 16), 95))
    yield Case(
        "hyperprior-fast", "two passes fewer weights", coded("hyperprior", drawn(40, 56), model="hyperprior-2-fast")
    )
    yield Case("ancillary-chunk", "an unknown chunk that may be skipped", lambda: _with(usual(), Chunk(50, b"?", True)))
    for codec, quality in (("factorised", 40), ("hific", 30), ("importance-map", 35), ("pca-blocks", 55)):
        yield Case(f"{codec}-rgb", "RGB", coded(codec, drawn(40, 56), quality))
        yield Case(f"{codec}-tiles", "tiles, gray", coded(codec, drawn(70, 100, 1), quality, side=4))
    layers = coded("toderici", drawn(40, 56), 60)
    yield Case("toderici-layers", "layers", layers)
    yield Case("toderici-cut", "layers, the last one cut off", lambda: layers()[:-5])
    yield Case("toderici-first", "the first layer of several", lambda: container.keep_layers(layers(), 1))
    exact = drawn(40, 56)
    yield Case("lossless-rgb", "networks", coded("mlp-lossless", exact))
    yield Case("lossless-adaptive", "no network", coded("mlp-lossless", exact, network=False))
    yield Case("lossless-everything", "alpha and metadata", coded("mlp-lossless", full))
    yield Case("lossless-16-bit", "16 bits", coded("mlp-lossless", drawn(18, 25, 3, 16)))
    yield Case("lossless-flat", "one colour", coded("mlp-lossless", Image(np.full((9, 31, 3), 77, np.uint8))))
    few = Image((drawn(24, 32).pixels // 32 * 32).astype(np.uint8))
    yield Case("lossless-few", "few values", coded("mlp-lossless", few))
    yield Case("lossless-repeats", "strings", coded("mlp-lossless", Image(np.tile(drawn(8, 8).pixels, (5, 6, 1)))))
    yield Case("lossless-near", "no sample wrong by more than 2", coded("mlp-lossless", exact, max_error=2))
    mosaic = Image(drawn(30, 42).pixels.max(axis=2, keepdims=True))
    yield Case("lossless-mosaic", "a camera's mosaic", coded("mlp-lossless", mosaic, mosaic="GRBG"))
    photo = Image(read(HERE.parent / "examples" / "macaws.png").pixels[180:271, 250:381].copy())
    yield Case("lossless-mixed", "networks with mixed distributions", coded("mlp-lossless", photo, effort=3))
    yield Case("lc-fdnet-rgb", "sub-images", coded("lc-fdnet", photo))
    for name, options in (("gray", {"mode": "L"}), ("420", {"subsampling": 2}), ("progressive", {"progressive": True})):
        data = jpeg(quality=70, **options)
        yield Case(f"jpeg-{name}", "a JPEG file kept", lambda data=data: get_codec("jpeg").encode_file(data))
    yield Case("refuse-cut", "the end is missing", lambda: usual()[:-3], "cut short")
    yield Case("refuse-bit", "a bit was turned", lambda: _turned(usual()), "checksum of a chunk")
    yield Case("refuse-values", "symbols that are not those of the checksum", lambda: _other_values(usual()), "values")
    yield Case("refuse-critical", "an unknown chunk that matters", lambda: _with(usual(), Chunk(50, b"?")), "critical")
    yield Case("refuse-size", "a size that its symbols are not of", lambda: _sized(usual(), 9000, 9000), "size")
    yield Case("refuse-version", "a newer major version", lambda: _version(usual()), "version 2.0")


def _with(data: bytes, chunk: Chunk) -> bytes:
    header, chunks = container.read(data)
    return container.write(header, [chunk, *chunks])


def _turned(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 4]) + data[-8:]


def _other_values(data: bytes) -> bytes:
    header, chunks = container.read(data)
    return container.write(
        header, [replace(c, payload=b"\0" + c.payload[1:]) if c.kind == STREAM else c for c in chunks]
    )


def _sized(data: bytes, width: int, height: int) -> bytes:
    header, chunks = container.read(data)
    return container.write(replace(header, width=width, height=height), chunks)


def _version(data: bytes) -> bytes:
    return data[:6] + b"\x20" + data[7:]


def entry(case: Case, data: bytes) -> dict[str, Any]:
    """What the index says of a stream; writes the picture that it refers to."""
    said: dict[str, Any] = {"about": case.about, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if case.refused:
        return said | {"refused": case.refused}
    header = container.read_header(data)
    said |= {"codec": header.codec, "model": header.model.hex(), "width": header.width, "height": header.height}
    said |= {"channels": header.channels, "bit_depth": header.bit_depth}
    codec = get_codec(latentpress.inspect(data).codec)
    if codec.keeps:
        return said | {"jpeg": hashlib.sha256(codec.decode_file(data)).hexdigest()}
    image = latentpress.decompress(data)
    if codec.lossless:
        samples = image.pixels.astype("<u2" if image.bit_depth > 8 else np.uint8)
        return said | {"samples": hashlib.sha256(samples.tobytes()).hexdigest()}
    points = dict(latentpress.inspect(data, verify=True).checkpoints)
    points.pop("pixels")
    reference = f"{case.name}.png" if image.bit_depth == 8 else f"{case.name}.ppm"
    write(image, HERE / reference)
    assert read(HERE / reference).pixels.shape == image.pixels.shape
    return said | {"reference": reference, "rms": RMS, "peak": PEAK, "checkpoints": points}


def main() -> None:
    warnings.simplefilter("ignore")
    index = json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.exists() else {}
    for case in cases():
        if case.name not in index:
            data = case.make()
            (HERE / f"{case.name}.lpx").write_bytes(data)
            index[case.name] = entry(case, data)
            print(case.name, len(data))
    lines = [f" {json.dumps(name)}: {json.dumps(one)}" for name, one in index.items()]
    INDEX.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
