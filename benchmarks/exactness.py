"""Whether every engine reads the same integers from a file: the exactness contract, checked on real pictures.

    python benchmarks/exactness.py --data DIR --out benchmarks/results/exactness.json

Each picture is encoded once at each quality, with ONNX Runtime. Each reader (ONNX Runtime with 1 and with 2 threads,
torch in float32 and in float64) then decodes the file's values: the latents before the float synthesis, multiples of
1/16 of a quantisation step. The SHA-256 of these as int32 (value times 16, little-endian) has to be the same for all.
Needs the extra `train` for torch. Exit status 1 when two readers differ.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import time
from pathlib import Path
from typing import Any

from latentpress.errors import LatentPressError
from latentpress.image import Image
from latentpress.systems.hyperprior.codec import HyperpriorCodec

sys.path.insert(0, str(Path(__file__).parent))  # so that `python -m benchmarks.exactness` finds it too
from common import circumstances, pictures, read_rgb, write_json

QUALITIES = (5.0, 25.0, 50.0, 75.0, 95.0)
READERS: dict[str, dict[str, Any]] = {
    "onnx, 1 thread": {"engine": "onnx", "threads": 1},
    "onnx, 2 threads": {"engine": "onnx", "threads": 2},
    "torch, float32": {"engine": "torch", "dtype": "float32"},
    "torch, float64": {"engine": "torch", "dtype": "float64"},
}

Row = dict[str, Any]


def read_with(codec: HyperpriorCodec, data: bytes) -> str:
    """The digest of the integers that a codec decodes, or the error that it ends in."""
    try:
        return codec.exact(data).hex()
    except LatentPressError as error:
        return f"{type(error).__name__}: {error}"


def examine(path: Path, quality: float, writer: HyperpriorCodec, readers: dict[str, HyperpriorCodec]) -> Row:
    """One file, read by all. ``sha256`` is what most readers, or else the first, found."""
    data = writer.encode(Image.from_pillow(read_rgb(path)), quality)
    found = {name: read_with(codec, data) for name, codec in readers.items()}
    results = list(found.values())
    agreed = max(results, key=results.count)
    return {
        "picture": path.stem,
        "quality": quality,
        "bytes": len(data),
        "sha256": agreed,
        "differ": {name: result for name, result in found.items() if result != agreed},
        "failed": sorted(name for name, result in found.items() if len(result) != 64),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of lossless pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--model", help="name or folder of a model package (default: the shipped one)")
    parser.add_argument("--pictures", type=int, help="take only the first so many (default: all)")
    arguments = parser.parse_args()
    paths = pictures(arguments.data)[: arguments.pictures]
    writer = HyperpriorCodec(arguments.model)
    readers = {name: HyperpriorCodec(arguments.model, **settings) for name, settings in READERS.items()}

    start, rows = time.perf_counter(), []
    for number, path in enumerate(paths, 1):
        print(f"{number}/{len(paths)} {path.name}", flush=True)
        rows += [examine(path, quality, writer, readers) for quality in QUALITIES]
    bad = [row for row in rows if row["differ"] or row["failed"]]
    sample = writer.model.package
    about = circumstances()
    about["versions"]["torch"] = importlib.metadata.version("torch")
    result = {
        **about,
        "model": {"name": sample.name, "id": sample.id.hex()},
        "readers": READERS,
        "qualities": QUALITIES,
        "pictures": len(paths),
        "files": len(rows),
        "readings": len(rows) * len(readers),
        "seconds": round(time.perf_counter() - start, 1),
        "mismatches": len(bad),
        "rows": rows,
    }
    write_json(arguments.out, result)
    for row in bad:
        print(f"MISMATCH: {row['picture']} at quality {row['quality']:g}: {row['differ'] or row['sha256']}")
    print(f"{len(rows)} files from {len(paths)} pictures, {len(readers)} readers each: {len(bad)} mismatches")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
