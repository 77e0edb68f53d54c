"""What regions of interest gain at equal size, in the codecs that know them.

    python benchmarks/regions.py --data DIR --out benchmarks/results/regions.json

The middle ninth of each picture, in files at most as large as without a region at quality 45.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, write_json

from latentpress.codecs import get_codec
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.roi import Roi
from latentpress.codecs.targets import FileSize, encode_to_target
from latentpress.image import Image, read

CODECS = ("importance-map", "hyperprior")
QUALITY = 45


def gain(codec: Codec, image: Image, name: str) -> dict[str, Any]:
    """PSNR inside and outside the region, each over that of the file without one."""
    region = Region(image.width // 3, image.height // 3, image.width // 3, image.height // 3)
    roi = Roi.of(image.width, image.height, [region])
    plain = codec.encode(image, QUALITY)
    reached = encode_to_target(codec, image, FileSize(len(plain)), roi=roi)
    (before, beside), (after, rest) = (_parts(image, codec.decode(data), region) for data in (plain, reached.data))
    return {
        "picture": name, "codec": codec.id, "bytes_without": len(plain), "bytes": len(reached.data),
        "inside_db": after - before, "outside_db": rest - beside,
    }  # fmt: skip


def _parts(image: Image, restored: Image, region: Region) -> tuple[float, float]:
    """PSNR inside and outside."""
    error = np.square(image.pixels.astype(np.float64) - restored.pixels)
    inside = np.zeros(error.shape[:2], bool)
    inside[region.rows, region.columns] = True
    one, two = (10 * np.log10(255**2 / error[part].mean()) for part in (inside, ~inside))
    return float(one), float(two)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--every", type=int, default=6, help="take every so many pictures")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    codecs = [get_codec(id, threads=arguments.threads) for id in CODECS]
    rows = [
        gain(codec, read(path), path.stem) for path in pictures(arguments.data)[:: arguments.every] for codec in codecs
    ]
    means: dict[str, Any] = {}
    for id in CODECS:
        inside, outside = ([row[key] for row in rows if row["codec"] == id] for key in ("inside_db", "outside_db"))
        means[id] = {
            "inside_db": statistics.fmean(inside),
            "least_inside_db": min(inside),
            "outside_db": statistics.fmean(outside),
        }
        print(id, means[id])
    write_json(arguments.out, {**circumstances(), "threads": arguments.threads, "means": means, "rows": rows})


if __name__ == "__main__":
    main()
