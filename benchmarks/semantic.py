"""Layers by meaning beside `hyperprior` and AVIF at equal bytes, and whether both sides find the same maps.

    python benchmarks/semantic.py curves --data KODAK --out benchmarks/results/semantic.json
    python benchmarks/semantic.py maps --data PHOTOS --out benchmarks/results/semantic_maps.json

curves: PSNR, MS-SSIM and consistency, the share of cells of 8 x 8 pixels that the segmenter puts into the class that
they have in the original, at given rates: linear in the logarithm of the rate between the files of some qualities, of
each picture on its own; then means. `of the map` is the share of a semantic file's own map that is right.
maps: squares of photographs as files without a map; of each, the map that the encoder found and those of decoders with
other engines and numbers of threads.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json
from numpy.typing import NDArray

from latentpress.bench.coders import get_coder
from latentpress.codecs import get_codec
from latentpress.image import Image
from latentpress.metrics import ms_ssim, psnr
from latentpress.models import find_model
from latentpress.systems.semantic.codec import SemanticCodec
from latentpress.systems.semantic.model import SemanticModel
from latentpress.systems.semantic.segmenter import segmented

RATES = (0.075, 0.1, 0.15)  # bits a pixel
SIDE = 96  # of the squares
QUALITIES = {
    "hyperprior": (0, 8, 18),
    "semantic": (5, 25, 45),
    "semantic-shared": (5, 25, 45),
    "avif-444-s6-default": (4, 10, 18),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "threads 1": {"threads": 1},
    "threads 2": {"threads": 2},
    "torch": {"engine": "torch"},
    "torch float64": {"engine": "torch", "dtype": "float64"},
}
Pixels = NDArray[np.uint8]
Coder = tuple[Callable[[Pixels, float], bytes], Callable[[bytes], Pixels]]


def coder_of(name: str) -> Coder:
    """Encoder and decoder."""
    if name.startswith("avif"):
        other = get_coder(name)
        return other.encode, other.decode
    more = {"classes": "shared"} if name == "semantic-shared" else {}
    codec = get_codec(name.removesuffix("-shared"), threads=1, **more)
    return lambda pixels, quality: codec.encode(Image(pixels), quality), lambda data: codec.decode(data).pixels


def curves(files: list[Path]) -> dict[str, Any]:
    """Means at each rate, by coder."""
    model = SemanticModel.open(find_model("semantic"))
    coders = {name: coder_of(name) for name in QUALITIES}
    found: dict[str, dict[float, list[dict[str, float]]]] = {name: {rate: [] for rate in RATES} for name in coders}
    for path in files:
        pixels = np.asarray(read_rgb(path))
        truth = segmented(pixels, model.centres)
        for name, (encode, decode) in coders.items():
            points = []
            for quality in QUALITIES[name]:
                data = encode(pixels, quality)
                shown = decode(data)
                point = {
                    "bpp": 8 * len(data) / truth.size / 64,
                    "psnr": float(psnr(pixels, shown)),
                    "ms_ssim": float(ms_ssim(pixels, shown)),
                    "consistency": float((segmented(shown, model.centres) == truth).mean()),
                }
                if name == "semantic-shared":
                    own = SemanticCodec(threads=1).classes_of(data)
                    point["of the map"] = float((own == truth).mean())
                points.append(point)
            points.sort(key=lambda one: one["bpp"])
            for rate in RATES:
                if points[0]["bpp"] <= rate <= points[-1]["bpp"]:
                    found[name][rate].append(_between(points, rate))
    return {
        name: {
            f"{rate:g}": {"pictures": len(rows)}
            | {key: statistics.fmean(row[key] for row in rows) for key in (rows[0] if rows else {})}
            for rate, rows in of.items()
        }
        for name, of in found.items()
    }


def maps(files: list[Path], count: int) -> dict[str, Any]:
    """How many of the maps are equal on both sides."""
    rng = np.random.default_rng(0)
    writer = SemanticCodec(threads=1, classes="shared")
    readers = {name: SemanticCodec(**how) for name, how in SETTINGS.items()}
    equal, cells = dict.fromkeys(readers, 0), 0
    each = -(-count // len(files))
    done = 0
    for path in files:
        pixels = np.asarray(read_rgb(path))
        for _ in range(min(each, count - done)):
            top, left = (int(rng.integers(0, side - SIDE + 1)) for side in pixels.shape[:2])
            data = writer.encode(Image(pixels[top : top + SIDE, left : left + SIDE].copy()), float(rng.uniform(0, 49)))
            truth = writer.classes_of(data)
            cells += truth.size
            done += 1
            for name, reader in readers.items():
                equal[name] += int(np.array_equal(reader.classes_of(data), truth))
    return {"pictures": done, "cells": cells, "equal": equal}


def _between(points: list[dict[str, float]], rate: float) -> dict[str, float]:
    rates = [np.log2(point["bpp"]) for point in points]
    return {
        key: float(np.interp(np.log2(rate), rates, [point[key] for point in points]))
        for key in points[0]
        if key != "bpp"
    }


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("curves", "maps"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take every so-many-th picture")
    parser.add_argument("--count", type=int, default=1000, help="maps: how many squares")
    args = parser.parse_args()
    files = pictures(args.data)[:: args.every]
    result = curves(files) if args.what == "curves" else maps(files, args.count)
    names = [path.stem for path in files] if args.what == "curves" else len(files)
    write_json(args.out, {"data": args.data.name, "files": names, **circumstances(), "threads": 1, "results": result})


if __name__ == "__main__":
    main()
