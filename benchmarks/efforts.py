"""What each `--effort` of the lossy codec saves, and what it takes.

    python benchmarks/efforts.py --data DIR --out benchmarks/results/efforts.json

Every ``--each``-th picture of the folder at three qualities, one thread: bytes and PSNR of each effort against effort 1
at the same quality, and processor seconds of encoding.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json

from latentpress.codecs.registry import get_codec
from latentpress.image import Image
from latentpress.metrics import psnr

QUALITIES = (10, 40, 70)


def rows(path: Path, efforts: list[int]) -> list[dict[str, Any]]:
    """Bytes, decibels and processor seconds of one picture."""
    original, found = np.asarray(read_rgb(path)), []
    codecs = {effort: get_codec("hyperprior", threads=1, effort=effort) for effort in efforts}
    codecs[efforts[0]].encode(Image(original), 50)  # whatever is loaded once
    for quality in QUALITIES:
        for effort, codec in codecs.items():
            start = time.process_time()
            data = codec.encode(Image(original), quality)
            seconds = time.process_time() - start
            decibels = psnr(original, codec.decode(data).pixels)
            found.append(
                {"picture": path.name, "quality": quality, "effort": effort, "bytes": len(data), "psnr": decibels}
                | {"processor_s": seconds}
            )
    return found


def means(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each effort and quality: mean of the logarithm of bytes over effort 1's, in per cent; decibels; seconds."""
    first = {(row["picture"], row["quality"]): row for row in found if row["effort"] == 1}
    result = []
    for effort in sorted({row["effort"] for row in found}):
        for quality in QUALITIES:
            here = [row for row in found if (row["effort"], row["quality"]) == (effort, quality)]
            pairs = [(row, first[row["picture"], quality]) for row in here]
            saved = statistics.fmean(math.log(row["bytes"] / one["bytes"]) for row, one in pairs)
            result.append(
                {"effort": effort, "quality": quality, "bytes_percent": 100 * math.expm1(saved)}
                | {"psnr_gain": statistics.fmean(row["psnr"] - one["psnr"] for row, one in pairs)}
                | {"processor_s": statistics.fmean(row["processor_s"] for row in here)}
            )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of pictures")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=8, help="take every so manyth picture")
    parser.add_argument("--efforts", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6], help="the first must be 1")
    arguments = parser.parse_args()
    found: list[dict[str, Any]] = []
    for path in pictures(arguments.data)[:: arguments.each]:
        found += rows(path, arguments.efforts)
        write_json(arguments.out, {**circumstances(), "means": means(found), "rows": found})
    for row in means(found):
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()))


if __name__ == "__main__":
    main()
