"""What the encoder's search (`--effort`) gains, and what it costs.

    python benchmarks/effort.py --data DIR --out benchmarks/results/effort.json

For each level and quality: rate and RGB PSNR of whole files, seconds an encoding; BD-rate of each level against level 1
on the mean curves, and against JPEG where kodak_hyperprior.json lies beside the output and was measured on the same
pictures. The search runs on --threads threads of torch.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from common import circumstances, pictures, write_json

from latentpress.codecs.targets import psnr_of
from latentpress.image import read
from latentpress.metrics import bd_rate
from latentpress.systems.hyperprior.codec import HyperpriorCodec


def means(rows: list[dict[str, Any]], effort: int) -> list[tuple[float, float]]:
    """(bpp, dB) at each quality, means over the pictures."""
    chosen = [row for row in rows if row["effort"] == effort]
    return [
        (
            statistics.fmean(row["bpp"] for row in chosen if row["quality"] == quality),
            statistics.fmean(row["psnr"] for row in chosen if row["quality"] == quality),
        )
        for quality in sorted({row["quality"] for row in chosen})
    ]


def bd(anchor: list[tuple[float, float]], curve: list[tuple[float, float]]) -> float:
    """BD-rate in per cent."""
    (a, b), (c, d) = zip(*anchor, strict=True), zip(*curve, strict=True)
    return float(bd_rate(a, b, c, d).percent)


def jpeg_curve(path: Path, names: list[str]) -> list[tuple[float, float]] | None:
    """JPEG's mean curve from the result beside, if it is of the same pictures."""
    if not path.exists():
        return None
    beside = json.loads(path.read_text(encoding="utf-8"))
    rows = [row for row in beside["rows"] if row["codec"] == "jpeg-420"]
    if {Path(row["picture"]).stem for row in rows} != set(names):
        return None
    found = [row for row in beside["means"] if row["codec"] == "jpeg-420" and 0.05 <= row["bpp"] <= 3]
    return [(row["bpp"], row["psnr"]) for row in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--efforts", type=int, nargs="+", default=[1, 2, 3, 5])
    parser.add_argument("--qualities", type=float, nargs="+", default=[5, 20, 40, 60, 80, 95])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rows: list[dict[str, Any]] = []
    names = [path.stem for path in pictures(arguments.data)]
    for path in pictures(arguments.data):
        image = read(path)
        for effort in arguments.efforts:
            codec = HyperpriorCodec(threads=arguments.threads, effort=effort)
            for quality in arguments.qualities:
                start = time.perf_counter()
                data = codec.encode(image, quality)
                seconds = time.perf_counter() - start
                bpp = 8 * len(data) / (image.width * image.height)
                rows.append(
                    {
                        "picture": path.stem, "effort": effort, "quality": quality, "bytes": len(data), "bpp": bpp,
                        "psnr": psnr_of(image, codec.decode(data)), "encode_s": seconds,
                    }
                )  # fmt: skip
        print(path.stem, f"{sum(row['encode_s'] for row in rows):.0f} s of encoding so far", flush=True)
    jpeg = jpeg_curve(arguments.out.parent / "kodak_hyperprior.json", names)
    levels: dict[str, Any] = {}
    for effort in arguments.efforts:
        curve = means(rows, effort)
        seconds = [row["encode_s"] for row in rows if row["effort"] == effort]
        levels[str(effort)] = {
            "bd_rate_against_effort_1": bd(means(rows, 1), curve),
            "bd_rate_against_jpeg": bd(jpeg, curve) if jpeg else None,
            "encode_s": statistics.median(seconds),
            "slowest_s": max(seconds),
            "curve": curve,
        }
        print(effort, {key: value for key, value in levels[str(effort)].items() if key != "curve"})
    write_json(arguments.out, {**circumstances(), "threads": arguments.threads, "efforts": levels, "rows": rows})


if __name__ == "__main__":
    main()
