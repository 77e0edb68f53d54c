"""Faces drawn by chance: `faces` beside JPEG, JPEG 2000 and `hyperprior` at no more than given rates.

    python benchmarks/faces.py --out benchmarks/results/faces.json

Each coder gives the best picture (by PSNR) whose whole file is not above the rate; JPEG, whose tables alone take more
than the lowest rates, its smallest file. The faces are none of those that the model was fitted on (another seed).
Landmarks are found by the codec; `faces-given` is told the true ones. JPEG 2000 is Pillow's (OpenJPEG, a raw code
stream without boxes, irreversible), JPEG is Pillow's with optimised Huffman codes. Also: how far found landmarks are
off, in pixels, and how many of the photographs of --photos are taken for faces.
"""

from __future__ import annotations

import argparse
import io
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json
from numpy.typing import NDArray
from PIL import Image as PillowImage

import latentpress
from latentpress.codecs import get_codec
from latentpress.image import Image
from latentpress.metrics import psnr, ssim
from latentpress.systems.faces.codec import FacesCodec
from latentpress.systems.faces.drawing import SIDE, Face, face

RATES = (0.0125, 0.025, 0.05, 0.1)  # bits a pixel
SEED = 1_000_003  # the fit's is another
Pixels = NDArray[np.uint8]
Tries = Iterator[tuple[int, Pixels]]  # bytes and picture


def jpeg2000(one: Face) -> Tries:
    """Compression ratios for each rate, and a little more, for the header."""
    for rate in RATES:
        for more in (1.0, 1.05, 1.15):
            stream = io.BytesIO()
            layers = {"quality_mode": "rates", "quality_layers": [24 * more / rate], "irreversible": True}
            PillowImage.fromarray(one.pixels).save(stream, "JPEG2000", no_jp2=True, mct=1, **layers)
            yield len(stream.getvalue()), np.asarray(PillowImage.open(stream))


def jpeg(one: Face) -> Tries:
    """The lowest qualities, chroma at half the rate."""
    for quality in (1, 2, 3, 5):
        stream = io.BytesIO()
        PillowImage.fromarray(one.pixels).save(stream, "JPEG", quality=quality, subsampling=2, optimize=True)
        yield len(stream.getvalue()), np.asarray(PillowImage.open(stream))


def own(id: str, qualities: tuple[float, ...], given: bool = False) -> Callable[[Face], Tries]:
    """A codec of the house at some qualities."""

    def run(one: Face) -> Tries:
        more: dict[str, Any] = {"landmarks": (SIDE * one.landmarks).tolist()} if given else {}
        codec = get_codec(id, threads=1, **more)
        for quality in qualities:
            data = codec.encode(Image(one.pixels), quality)
            yield len(data), codec.decode(data).pixels

    return run


CODERS: dict[str, Callable[[Face], Tries]] = {
    "jpeg-420": jpeg,
    "jpeg2000": jpeg2000,
    "hyperprior": own("hyperprior", (0, 4, 10)),
    "faces": own("faces", (0, 10, 19, 20, 25, 32)),
    "faces-given": own("faces", (10, 19), given=True),
}


def measured(faces: list[Face]) -> dict[str, Any]:
    """By coder and rate: means, and how many files kept to the rate."""
    found: dict[str, Any] = {}
    for name, tries in CODERS.items():
        made = [list(tries(one)) for one in faces]
        rows = {}
        for rate in RATES:
            chosen = []
            for one, tried in zip(faces, made, strict=True):
                fitting = [t for t in tried if 8 * t[0] <= rate * SIDE**2] or [min(tried, key=lambda t: t[0])]
                size, pixels = max(fitting, key=lambda t: float(psnr(one.pixels, t[1])))
                chosen.append((8 * size / SIDE**2, float(psnr(one.pixels, pixels)), float(ssim(one.pixels, pixels))))
            rows[f"{rate:g}"] = {
                "bpp": statistics.fmean(c[0] for c in chosen),
                "kept": sum(c[0] <= rate for c in chosen),
                "psnr": statistics.fmean(c[1] for c in chosen),
                "ssim": statistics.fmean(c[2] for c in chosen),
            }
        found[name] = rows
    return found


def misses(faces: list[Face]) -> float:
    """Mean distance of found landmarks from the true ones, in pixels."""
    codec = FacesCodec()
    off = [np.linalg.norm(SIDE * (codec.landmarks_in(Image(one.pixels)) - one.landmarks), axis=1) for one in faces]
    return float(np.mean(off))


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=24)
    parser.add_argument("--photos", type=Path, help="photographs without faces")
    args = parser.parse_args()
    rng = np.random.default_rng(SEED)
    faces = [face(rng) for _ in range(args.faces)]
    result: dict[str, Any] = {"faces": len(faces), "seed": SEED, **circumstances(), "threads": 1}
    result["landmarks_off_pixels"] = misses(faces)
    codec = get_codec("faces", threads=1)
    taken = [latentpress.inspect(codec.encode(Image(one.pixels), 0)).facts["face"] for one in faces]
    result["faces_found"] = sum(fact != "none found" for fact in taken)
    if args.photos:
        files = pictures(args.photos)
        facts = [latentpress.inspect(codec.encode(Image(np.asarray(read_rgb(p))), 0)).facts for p in files]
        result["photographs"] = {"all": len(files), "taken_for_faces": sum(f["face"] != "none found" for f in facts)}
    result["coders"] = measured(faces)
    write_json(args.out, result)


if __name__ == "__main__":
    main()
