"""The preview decoder beside the model's own, on the same files: PSNR at several qualities, or time.

    python benchmarks/preview.py --data DIR --out benchmarks/results/preview.json
    python benchmarks/preview.py --data PICTURE --out benchmarks/results/preview_speed.json --speed

Times: medians of the seconds that decoding takes in process, after a warm-up, with 1 and 2 threads; both decoders turn
by turn, so that both have the same neighbours on the machine.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json

import latentpress
from latentpress.codecs.registry import get_codec
from latentpress.metrics import psnr

QUALITIES = (5, 25, 50, 75, 95)
DECODERS: dict[str, dict[str, Any]] = {"own": {}, "preview": {"painter": "preview"}}


def fidelity(paths: list[Path]) -> dict[str, Any]:
    """PSNR of both decoders; means of the pictures for each quality."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        original = np.asarray(read_rgb(path))
        for quality in QUALITIES:
            data = latentpress.compress(original, quality)
            row: dict[str, Any] = {"picture": path.name, "quality": quality}
            row["bpp"] = 8 * len(data) / (original.shape[0] * original.shape[1])
            exact = set()
            for name, settings in DECODERS.items():
                codec = get_codec("hyperprior", **settings)
                decoded = codec.decode(data).pixels
                exact.add(codec.exact(data))
                row[f"psnr_{name}"] = psnr(original, decoded)
            if len(exact) != 1:
                raise SystemExit(f"{path.name} at quality {quality}: decoders read different integers")
            rows.append(row)
    figures = [name for name in rows[0] if name not in ("picture", "quality")]
    means = [
        {"quality": quality}
        | {name: statistics.fmean(row[name] for row in rows if row["quality"] == quality) for name in figures}
        for quality in QUALITIES
    ]
    return {"means": means, "rows": rows}


def speed(path: Path, repeats: int) -> dict[str, Any]:
    """Seconds of both decoders on one picture."""
    original, rows = np.asarray(read_rgb(path)), []
    for quality in (20, 50, 80):
        data = latentpress.compress(original, quality)
        for threads in (1, 2):
            codecs = {name: get_codec("hyperprior", threads=threads, **how) for name, how in DECODERS.items()}
            taken: dict[str, list[float]] = {name: [] for name in codecs}
            for _ in range(repeats + 1):
                for name, codec in codecs.items():
                    start = time.perf_counter()
                    codec.decode(data)
                    taken[name].append(time.perf_counter() - start)
            medians = {f"{name}_s": statistics.median(seconds[1:]) for name, seconds in taken.items()}
            rows.append({"quality": quality, "threads": threads, "bytes": len(data), **medians})
    return {"picture": path.name, "width": original.shape[1], "height": original.shape[0], "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of pictures, or one picture")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--speed", action="store_true", help="time on the first picture instead of fidelity on all")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    paths = [arguments.data] if arguments.data.is_file() else pictures(arguments.data)
    found = speed(paths[0], arguments.repeats) if arguments.speed else fidelity(paths)
    write_json(arguments.out, {**circumstances(), **found})
    for row in found["rows"] if arguments.speed else found["means"]:
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items() if not isinstance(value, str)))


if __name__ == "__main__":
    main()
