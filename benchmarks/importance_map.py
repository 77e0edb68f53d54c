"""Rate and distortion of `importance-map` beside JPEG and the flagship, and what regions of interest gain.

    python benchmarks/importance_map.py --data DIR --out benchmarks/results/importance_map.json

For each picture and quality: bytes of the whole file and RGB PSNR. Points of JPEG 4:2:0 and `hyperprior` come from
kodak_hyperprior.json beside the output where that was measured on the same pictures. Regions of interest: the middle
ninth of each picture, at the size of the file without a region at quality 45, in both codecs that know regions.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, write_json

from latentpress.codecs.base import Codec, Region
from latentpress.codecs.roi import Roi
from latentpress.codecs.targets import FileSize, encode_to_target, psnr_of
from latentpress.errors import InvalidInputError
from latentpress.image import Image, read
from latentpress.metrics import bd_rate
from latentpress.systems.hyperprior.codec import HyperpriorCodec
from latentpress.systems.importance_map.codec import ImportanceCodec

Row = dict[str, Any]
ROI_QUALITY = 45


def measure(codec: ImportanceCodec, image: Image, name: str, quality: float) -> Row:
    """One point."""
    start = time.process_time()
    data = codec.encode(image, quality)
    middle = time.process_time()
    restored = codec.decode(data)
    end = time.process_time()
    return {
        "picture": name, "quality": quality, "bytes": len(data), "bpp": 8 * len(data) / (image.width * image.height),
        "psnr": psnr_of(image, restored), "encode_cpu_s": middle - start, "decode_cpu_s": end - middle,
    }  # fmt: skip


def interest(codec: Codec, image: Image, name: str) -> Row:
    """What a region gains at equal size."""
    region = Region(image.width // 3, image.height // 3, image.width // 3, image.height // 3)
    roi = Roi.of(image.width, image.height, [region])
    plain = codec.encode(image, ROI_QUALITY)
    reached = encode_to_target(codec, image, FileSize(len(plain)), roi=roi)
    (before, beside), (after, rest) = (_parts(image, codec.decode(data), region) for data in (plain, reached.data))
    return {
        "picture": name, "codec": codec.id, "bytes_without": len(plain), "bytes": len(reached.data),
        "inside_db": after - before, "outside_db": rest - beside,
    }  # fmt: skip


def of_picture(path: Path, qualities: list[float], regions: bool, threads: int) -> tuple[list[Row], list[Row]]:
    """All points of a picture, and its regions of interest if wanted."""
    codec, image = ImportanceCodec(threads=threads), read(path)
    rows = [measure(codec, image, path.stem, quality) for quality in qualities]
    knowing: list[Codec] = [codec, HyperpriorCodec(threads=threads)] if regions else []
    return rows, [interest(one, image, path.stem) for one in knowing]


def _parts(image: Image, restored: Image, region: Region) -> tuple[float, float]:
    """PSNR inside and outside."""
    error = np.square(image.pixels.astype(np.float64) - restored.pixels)
    inside = np.zeros(error.shape[:2], bool)
    inside[region.rows, region.columns] = True
    one, two = (10 * np.log10(255**2 / error[part].mean()) for part in (inside, ~inside))
    return float(one), float(two)


def beside(path: Path, names: list[str]) -> dict[str, list[Row]]:
    """Points of JPEG and the flagship on the same pictures, by codec."""
    if not path.exists():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    found: dict[str, list[Row]] = {}
    for row in rows:
        stem = Path(row["picture"]).stem
        if stem in names and row["codec"] in ("jpeg-420", "hyperprior"):
            found.setdefault(row["codec"], []).append(row | {"picture": stem, "quality": row["setting"]})
    return {codec: of for codec, of in found.items() if {row["picture"] for row in of} == set(names)}


def curve(rows: list[Row]) -> list[tuple[float, float]]:
    """Means of rate and PSNR at each quality, between 0.05 and 3 bits a pixel."""
    points = []
    for quality in sorted({row["quality"] for row in rows}):
        chosen = [row for row in rows if row["quality"] == quality]
        points.append(tuple(statistics.fmean(row[key] for row in chosen) for key in ("bpp", "psnr")))
    return [point for point in points if 0.05 <= point[0] <= 3]


def compare(anchor: list[Row], rows: list[Row]) -> Row:
    """BD-rate of the mean curves, and mean of the pictures' own."""
    (a, b), (c, d) = (zip(*curve(one), strict=True) for one in (anchor, rows))
    own = []
    for picture in dict.fromkeys(row["picture"] for row in rows):
        both = [[row for row in one if row["picture"] == picture] for one in (anchor, rows)]
        try:
            points = [value for one in both for value in zip(*curve(one), strict=True)]
            own.append(bd_rate(*points).percent)
        except InvalidInputError:
            continue
    result = bd_rate(a, b, c, d)._asdict()
    return result | {"own": {"percent": statistics.fmean(own) if own else None, "pictures": len(own)}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--qualities", type=float, nargs="+", default=[5, 30, 55, 80])
    parser.add_argument("--roi-every", type=int, default=4, help="regions of interest on every so many pictures")
    parser.add_argument("--workers", type=int, default=2, help="pictures at a time")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    rows: list[Row] = []
    regions: list[Row] = []
    found = pictures(arguments.data)
    with ProcessPoolExecutor(arguments.workers) as pool:
        parts = pool.map(
            of_picture,
            found,
            itertools.repeat(arguments.qualities),
            [number % arguments.roi_every == 0 for number in range(len(found))],
            itertools.repeat(arguments.threads),
        )
        for path, (points, gains) in zip(found, parts, strict=True):
            rows, regions = rows + points, regions + gains
            print(path.stem, [(round(row["bpp"], 3), round(row["psnr"], 2)) for row in points], flush=True)
    package = ImportanceCodec().model.package
    others = beside(arguments.out.parent / "kodak_hyperprior.json", [path.stem for path in found])
    result: dict[str, Any] = {
        **circumstances(),
        "model": package.name,
        "model_id": package.id.hex(),
        "threads": arguments.threads,
        "curve": curve(rows),
        "bd_rate_against": {name: compare(of, rows) for name, of in others.items()},
        "regions": {
            name: {
                key: statistics.fmean(row[key] for row in regions if row["codec"] == name)
                for key in ("inside_db", "outside_db")
            }
            | {"least_inside_db": min(row["inside_db"] for row in regions if row["codec"] == name)}
            for name in (ImportanceCodec.id, HyperpriorCodec.id)
        },
        "rows": rows,
        "region_rows": regions,
    }
    print(json.dumps({key: result[key] for key in ("curve", "bd_rate_against", "regions")}, indent=1))
    write_json(arguments.out, result)


if __name__ == "__main__":
    main()
