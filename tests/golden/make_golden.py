"""Write golden files: small files that every later version must decode to the same numbers.

    python tests/golden/make_golden.py                       # those that are not there yet
    python tests/golden/make_golden.py --again hyperprior-2  # those of a model (or of a codec without one) anew

Run it when a system, a model or a version of the format is new. What was written once stays: a newer file would hide
what it should show. Writing anew is allowed only while the model has not been released.

For each file: NAME.lpx and an entry in golden.json: codec, model, shape of the decoded picture, SHA-256 of the decoded
integers (`Codec.exact`); for a lossy codec the picture as NAME.png too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from latentpress import container
from latentpress.catalogue import System, systems
from latentpress.codecs import get_codec
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.roi import Roi
from latentpress.image import Image, read, write
from latentpress.models import find_model
from latentpress.studies.scans import drawn_scan
from latentpress.systems.faces.drawing import face

HERE = Path(__file__).parent
INDEX = HERE / "golden.json"
EXAMPLE = HERE.parents[1] / "examples" / "macaws.png"


@dataclass(frozen=True)
class Wanted:
    """A golden file. name: without an ending. more: what `Codec.encode` gets beside picture and quality."""

    name: str
    codec: str
    picture: Image
    settings: Mapping[str, Any] = field(default_factory=dict)
    quality: float = 50
    more: Mapping[str, Any] = field(default_factory=dict)


def drawn(height: int, width: int, channels: int) -> Image:
    """Waves of growing frequency over a slope, a dark bar and a checkered corner."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for channel in range(channels):
        waves = 50 * np.sin(x * (x + 3 * channel) / 80) * np.cos(y / (4 + 2 * channel))
        planes.append(128 + waves + 60 * (y / height - 0.5) * (channel - 1.5))
    pixels = np.stack(planes, axis=-1)
    pixels[height // 2 : height // 2 + 4, width // 8 :] = 20
    pixels[: height // 4, : width // 4] += 60 * ((x + y) % 2)[: height // 4, : width // 4, None]
    return Image(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def wanted(one: System) -> Iterator[Wanted]:
    """The golden files of a system: the usual ones of each of its models, and those of what it alone can do."""
    cls = one.load(one.codec)
    if cls.lossless:
        yield from _lossless(one.id, "max_error" in cls.takes)
        return
    pictures = {
        "rgb-1x1": (drawn(1, 1, 3), (50,)),
        "gray-7x13": (drawn(13, 7, 1), (60,)),
        "rgb-63x65": (drawn(65, 63, 3), (0, 30, 65, 100)),
        "photo-128x96": (Image(read(EXAMPLE).pixels[180:276, 250:378].copy()), (15, 80)),
    }
    for model in cls.models() or ([] if one.model else [None]):
        settings = {} if model is None else {"model": model}
        if one.id == "entropy-models" and model != one.model:  # whose files hold the same integers
            yield Wanted(f"{model}-photo-128x96-q15", one.id, pictures["photo-128x96"][0], settings, 15)
            continue
        for title, (picture, qualities) in pictures.items():
            for quality in qualities:
                yield Wanted(f"{model or one.id}-{title}-q{quality}", one.id, picture, settings, quality)
    if one.id == "faces":
        portrait = Image(face(np.random.default_rng(0)).pixels)
        for quality in (5, 30):
            yield Wanted(f"faces-1-face-q{quality}", one.id, portrait, {"model": "faces-1"}, quality)
    if one.id == "semantic":
        shared = {"model": "semantic-1", "classes": "shared"}
        yield Wanted("semantic-1-shared-photo-q40", one.id, pictures["photo-128x96"][0], shared, 40)
    if one.id == "toderici":
        yield Wanted("toderici-1-adaptive-q50", one.id, pictures["photo-128x96"][0], {"adaptive": True})
    if one.id == "retina":
        scan = Image(drawn_scan(1, 124, 160).seen[:, :, None])
        yield Wanted("retina-1-scan-q40", one.id, scan, {"model": "retina-1"}, 40)
        kept = {"model": "retina-1", "despeckle": False}
        yield Wanted("retina-1-scan-kept-q20", one.id, scan, kept, 20)
    if one.id == "hyperprior":
        roi = Roi.of(63, 65, [Region(20, 20, 16, 16)])
        yield Wanted("roi-rgb-63x65-q30", one.id, drawn(65, 63, 3), quality=30, more={"roi": roi})


def _lossless(id: str, near: bool) -> Iterator[Wanted]:
    example = read(EXAMPLE).pixels
    photo = Image(example[180:228, 250:314].copy())
    deep = Image((photo.pixels[:24, :32, :1].astype(np.uint16) << 8) | photo.pixels[:24, :32, 1:2])
    few = Image((photo.pixels[:24, :32] // 2).astype(np.uint16) * 500)
    name = "lossless" if id == "mlp-lossless" else id
    larger = Image(example[180:271, 250:381].copy())
    yield Wanted(f"{name}-photo", id, photo if id == "mlp-lossless" else larger)
    yield Wanted(f"{name}-deep", id, deep)
    yield Wanted(f"{name}-few", id, few)
    if id != "mlp-lossless":
        if near:
            yield Wanted(f"{name}-near", id, photo, {"max_error": 1})
        return
    mosaic = Image(photo.pixels[:33, :41].max(axis=2, keepdims=True))
    gray = photo.pixels[:30, :40, :1] // 4 * 4
    gray[4:9, 3:30:4] = 255
    scan = Image(np.repeat(gray, 3, axis=2))
    yield Wanted("lossless-photo-near", id, photo, {"max_error": 3})
    yield Wanted("lossless-photo-adaptive", id, photo, {"network": False})
    yield Wanted("lossless-gray", id, drawn(13, 7, 1))
    yield Wanted("lossless-strings", id, Image(np.tile(drawn(8, 8, 3).pixels, (5, 6, 1))))
    yield Wanted("lossless-flat", id, Image(np.full((3, 4, 3), 9, np.uint8)))
    yield Wanted("lossless-alpha-cut", id, _with_alpha(photo, None))
    yield Wanted("lossless-alpha-soft", id, _with_alpha(photo, 40))
    yield Wanted("lossless-mosaic", id, mosaic, {"mosaic": "GRBG"})
    yield Wanted("lossless-mosaic-near", id, mosaic, {"mosaic": "GRBG", "max_error": 2})
    yield Wanted("lossless-drawn", id, scan)
    yield Wanted("lossless-drawn-adaptive", id, scan, {"network": False})
    yield Wanted("lossless-mixed", id, larger, {"effort": 3})


def _with_alpha(photo: Image, soft: float | None) -> Image:
    """The picture cut out along a disc with an edge ``soft`` pixels wide; None for a sharp rectangle."""
    y, x = np.mgrid[0 : photo.height, 0 : photo.width]
    disc = np.clip((20 - np.hypot(y - 24, x - 32)) / (soft or 1) + 0.5, 0, 1)
    alpha = disc if soft else (abs(y - 24) < 16) & (abs(x - 32) < 20)
    return Image(np.dstack([photo.pixels, np.rint(255 * alpha).astype(np.uint8)]))


def entry_of(codec: Codec, data: bytes, restored: Image) -> dict[str, Any]:
    """What the index says of a file."""
    header = container.read_header(data)
    model = find_model(codec.id, id=header.model).name if header.has_model else ""
    shape = list(restored.pixels.shape)
    return {"codec": codec.id, "model": model, "shape": shape, "exact": codec.exact(data).hex()}


def read_index() -> dict[str, dict[str, Any]]:
    """Name of a file, with ``.lpx`` -> its entry."""
    index: dict[str, dict[str, Any]] = json.loads(INDEX.read_text(encoding="utf-8"))
    return index


def write_index(index: Mapping[str, Mapping[str, Any]]) -> None:
    """A line for each file, by name."""
    lines = [f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(index.items())]
    INDEX.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--again", default="", help="name of a model, or id of a codec without one, whose files are made anew"
    )
    again = parser.parse_args().again
    index = read_index()
    for name in [name for name, entry in index.items() if again and again == (entry["model"] or entry["codec"])]:
        del index[name]
        for suffix in (".lpx", ".png"):
            (HERE / name).with_suffix(suffix).unlink(missing_ok=True)
    made = 0
    for item in [item for one in systems() if one.codec for item in wanted(one) if f"{item.name}.lpx" not in index]:
        codec = get_codec(item.codec, threads=1, **item.settings)
        data = codec.encode(item.picture, item.quality, **item.more)
        restored = codec.decode(data)
        (HERE / f"{item.name}.lpx").write_bytes(data)
        if not codec.lossless:
            write(restored, HERE / f"{item.name}.png")
        index[f"{item.name}.lpx"] = entry_of(codec, data, restored)
        made += 1
    write_index(index)
    print(f"{made} files of {len(index)} are new")


if __name__ == "__main__":
    main()
