"""What must not depend on how the work is done: ``python fuzz/invariance.py --cases 10000``.

Each case makes a picture, a codec and its settings from its number, codes the picture, and decodes the file in other
ways: with other threads, in parts that are put together, all tiles at once, with another engine. Integers and samples
of lossless files must be equal, pixels of lossy ones within one level (their synthesis is float work). ``--from`` and
the number of a case repeat it. Exit status 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.catalogue import systems
from latentpress.codecs import get_codec, tiles
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.planes import from_planes
from latentpress.codecs.roi import Roi
from latentpress.image import Image

__all__ = ["Case", "main"]

CODECS = [one.id for one in systems() if one.codec]
WALKS = (
    "mlp-lossless",
    "lc-fdnet",
    "jpeg",
    "ebcot",
    "ebcot-lossless",
)  # slow for each pixel: their pictures are smaller
IN_TURN = 20  # cases of one codec, before it is the next one's turn


class Case:
    """The case of a number: a picture, a codec, a file."""

    def __init__(self, number: int) -> None:
        self.rng = rng = np.random.default_rng(number)
        self.id = CODECS[number % len(CODECS)]
        most = 14 if self.id in WALKS else 70
        height, width = (int(side) for side in rng.integers(1, most, 2))
        channels, depth = int(rng.integers(1, 5)), int(rng.choice((8, 8, 8, 10, 16)))
        self.image = _picture(rng, height, width, channels, depth)
        self.codec = self.other(threads=1)
        more: dict[str, Any] = {}
        if self.codec.regions and rng.random() < 0.2:
            more["roi"] = Roi.of(width, height, [Region(0, 0, 1 + width // 2, 1 + height // 2)])
        usual = tiles._SIDE, tiles._WHOLE
        if rng.random() < 0.5:
            tiles._SIDE = tiles._WHOLE = 4
        try:
            self.data = self.codec.encode(self.image, float(rng.integers(0, 101)), **more)
        finally:
            tiles._SIDE, tiles._WHOLE = usual
        self.exact, self.whole = self.codec.exact(self.data), self.codec.decode(self.data).pixels

    def other(self, **settings: Any) -> Codec:
        """The codec with those of the settings that it has."""
        takes = type(get_codec(self.id)).takes
        return get_codec(self.id, **{name: value for name, value in settings.items() if name in takes})

    def same(self, pixels: np.ndarray[Any, Any]) -> bool:
        """Whether pixels are those of the file, as closely as its codec promises."""
        if pixels.shape != self.whole.shape:
            return False
        most = 0 if self.codec.lossless else 1 << (self.image.bit_depth - 8)
        return int(np.abs(pixels.astype(np.int64) - self.whole).max()) <= most

    def threads(self) -> bool:
        """Three threads read the same."""
        codec = self.other(threads=3)
        return codec.exact(self.data) == self.exact and self.same(codec.decode(self.data).pixels)

    def parts(self) -> bool:
        """Parts that were decoded alone make up the whole."""
        height, width = self.whole.shape[:2]
        row, column = int(self.rng.integers(height)), int(self.rng.integers(width))
        joined = np.full_like(self.whole, 0)
        for top, bottom in ((0, row), (row, height)):
            for left, right in ((0, column), (column, width)):
                if bottom > top and right > left:
                    region = Region(left, top, right - left, bottom - top)
                    joined[top:bottom, left:right] = self.codec.decode_region(self.data, region).pixels
        return self.same(joined)

    def at_once(self) -> bool:
        """The synthesis of all tiles at once shows what that of each with its margin does."""
        if not isinstance(self.codec, LatentCodec):
            return True
        decoding = self.codec.opened(self.data)[2]
        planes = decoding.model.synthesis(decoding.values(), decoding._header.rate)
        height, width, channels = self.whole.shape
        colours = channels - (channels in (2, 4))
        pixels = from_planes(planes[:, :height, :width], colours, self.image.bit_depth)
        return self.same(np.concatenate([pixels, self.whole[..., colours:]], axis=2))

    def engines(self) -> bool:
        """torch reads the same integers, in both precisions."""
        if not isinstance(self.codec, LatentCodec):
            return True
        dtype = str(self.rng.choice(("float32", "float64")))
        codec = self.other(engine="torch", dtype=dtype)
        return codec.exact(self.data) == self.exact and self.same(codec.decode(self.data).pixels)


CHECKS: dict[str, Callable[[Case], bool]] = {
    "threads": Case.threads, "parts": Case.parts, "tiles at once": Case.at_once, "engines": Case.engines,
}  # fmt: skip
"""What is compared, by name."""


def _picture(rng: np.random.Generator, height: int, width: int, channels: int, depth: int) -> Image:
    """Smooth, noisy, flat or of few values."""
    y, x = np.mgrid[:height, :width]
    smooth = 0.5 + 0.4 * np.sin(x / rng.uniform(2, 30) + rng.uniform(0, 6)) * np.cos(y / rng.uniform(2, 30))
    planes = np.stack([smooth * rng.uniform(0.3, 1) for _ in range(channels)], axis=2)
    planes += rng.choice((0.0, 0.01, 0.5)) * rng.normal(size=planes.shape)
    if rng.random() < 0.2:
        planes = np.round(planes * 3) / 3
    top = 2**depth - 1
    return Image(np.clip(np.rint(planes * top), 0, top).astype(np.uint8 if depth == 8 else np.uint16), depth)


def run(first: int, count: int, seconds: float = float("inf")) -> dict[str, Any]:
    """Cases from a number on, until ``seconds`` are over: those of one codec after each other, so that what was loaded
    is used.
    """
    start, before, done, differ, compared = time.monotonic(), _cpu_seconds(), 0, [], Counter[str]()
    for number in sorted(range(first, first + count), key=lambda number: number % len(CODECS)):
        if time.monotonic() - start > seconds:
            break
        case = Case(number)
        for name, check in CHECKS.items():
            if name == "engines" and number % 5:
                continue  # a tenth of the time, not two thirds
            compared[name] += 1
            if not check(case):
                differ.append({"case": number, "codec": case.id, "differs": name})
                print(f"case {number}, {case.id}: {name} differ", file=sys.stderr, flush=True)
        done += 1
    return {
        "cases": done, "comparisons": dict(compared), "differences": differ,
        "seconds": round(time.monotonic() - start), "cpu_seconds": round(_cpu_seconds() - before),
    }  # fmt: skip


def joined(results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Results of several ranges of cases as one."""
    total: dict[str, Any] = {"cases": 0, "comparisons": {}, "differences": [], "seconds": 0, "cpu_seconds": 0}
    for one in results:
        for key in ("cases", "differences", "seconds", "cpu_seconds"):
            total[key] += one[key]
        total["comparisons"] = dict(Counter(total["comparisons"]) + Counter(one["comparisons"]))
    return total


def _cpu_seconds() -> float:
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--from", type=int, default=0, dest="first", help="number of the first case")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--json", type=Path, help="where to write what was compared and found, again and again")
    parser.add_argument("--join", type=Path, nargs="+", help="run nothing: make one of such files of several ranges")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    end, block, found = time.monotonic() + options.seconds, IN_TURN * len(CODECS), list[dict[str, Any]]()
    for start in () if options.join else range(options.first, options.first + options.cases, block):
        count = min(block, options.first + options.cases - start)
        found.append(run(start, count, end - time.monotonic()))
        if options.json:
            options.json.write_text(json.dumps(joined(found), indent=1) + "\n")
    found += [json.loads(path.read_text()) for path in options.join or ()]
    if options.json:
        options.json.write_text(json.dumps(joined(found), indent=1) + "\n")
    print(json.dumps(joined(found), indent=1))
    return bool(joined(found)["differences"])


if __name__ == "__main__":
    sys.exit(main())
