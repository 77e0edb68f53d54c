"""What ``codec="auto"`` makes of drawings: sizes beside `hyperprior`'s at each quality, and which are kept exactly.

    python benchmarks/drawings.py DRAWINGS
    python benchmarks/drawn.py --data DRAWINGS --out benchmarks/results/drawn.json

For each picture: the share of flat pixels that decides, bytes with ``auto`` and with `hyperprior`, and their PSNR.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from common import circumstances, pictures, write_json

import latentpress
from latentpress.codecs.drawn import flat_share
from latentpress.codecs.targets import psnr_of
from latentpress.image import read

QUALITIES = (20, 50, 80)


def measure(path: Path, quality: float, threads: int) -> dict[str, Any]:
    """One picture at one quality."""
    image = read(path)
    files = {id: latentpress.compress(image, quality, id, threads=threads) for id in ("auto", "hyperprior")}
    row: dict[str, Any] = {"picture": path.stem, "quality": quality, "flat": round(flat_share(image), 3)}
    for id, data in files.items():
        psnr = psnr_of(image, latentpress.decompress(data, threads=threads))
        row |= {f"{id}_bytes": len(data), f"{id}_psnr": None if math.isinf(psnr) else round(psnr, 3)}
    return row | {"codec": latentpress.inspect(files["auto"]).codec}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    rows = []
    for path in pictures(arguments.data):
        for quality in QUALITIES:
            rows.append(measure(path, quality, arguments.threads))
            print(rows[-1], flush=True)
    total = {id: sum(row[f"{id}_bytes"] for row in rows) for id in ("auto", "hyperprior")}
    kept = sum(row["codec"] != "hyperprior" for row in rows)
    print(f"{kept} of {len(rows)} without loss; {total}")
    write_json(arguments.out, {**circumstances(), "bytes": total, "kept": kept, "rows": rows})


if __name__ == "__main__":
    main()
