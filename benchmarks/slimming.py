"""A package that `latentpress slim` made beside the one that it was made from: bytes, arithmetic, rate and PSNR.

    python benchmarks/slimming.py --of hyperprior-3 --slim FOLDER --data DIR --out benchmarks/results/slimming.json

A painter is measured on the files of the other package; any other slim package writes its own.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from common import circumstances, pictures, read_rgb, write_json
from onnx import numpy_helper

from latentpress.codecs.painters import PAINTER
from latentpress.codecs.registry import get_codec
from latentpress.image import Image
from latentpress.metrics import bd_rate, psnr
from latentpress.models import ModelPackage, named_model
from latentpress.models.package import CARD, TABLES
from latentpress.slimming.weights import StoredNetwork
from latentpress.training.complexity import macs_per_pixel

QUALITIES = (10, 30, 50, 70, 90)


def sizes(package: ModelPackage) -> dict[str, Any]:
    """Bytes of a package on disk, as plain files, and if every weight were float16; kMAC a pixel."""
    networks = {name: content for name, content in package.files.items() if name != TABLES}
    weights = sum(one.size for content in networks.values() for one in StoredNetwork(content).values.values())
    stored = sum(path.stat().st_size for path in package.folder.iterdir() if path.name != CARD)
    zeros = sum(
        int((numpy_helper.to_array(one) == 0).sum())
        for content in networks.values()
        for one in onnx.load_from_string(content).graph.initializer
        if one.data_type in (onnx.TensorProto.INT8, onnx.TensorProto.FLOAT16)
    )
    start = time.perf_counter()
    ModelPackage(package.folder).files  # noqa: B018 - reading is what takes time
    return {
        "name": package.name,
        "id": package.id.hex(),
        "weights": weights,
        "weights_zero": zeros,
        "bytes_float16": 2 * weights + len(package.files.get(TABLES, b"")),
        "bytes_plain": sum(map(len, package.files.values())),
        "bytes_stored": stored,
        "seconds_to_read": time.perf_counter() - start,
        "kmac_per_pixel": {name: count / 1000 for name, count in macs_per_pixel(package).items()},
    }


def rows_of(package: ModelPackage, slim: ModelPackage, paths: list[Path]) -> list[dict[str, Any]]:
    """Rate and PSNR of both, by picture and quality."""
    painter = slim.config["painter"] if slim.codec == PAINTER else None
    own = get_codec(package.codec, model=str(package.folder))
    other = get_codec(package.codec, model=str((package if painter else slim).folder), painter=painter)
    torch = get_codec(package.codec, model=other.config()["model"], engine="torch", painter=painter)
    rows = []
    for path in paths:
        original = np.asarray(read_rgb(path))
        area = original.shape[0] * original.shape[1]
        for quality in QUALITIES:
            files = own.encode(Image(original), quality), other.encode(Image(original), quality)
            if path == paths[0] and other.exact(files[1]) != torch.exact(files[1]):
                raise SystemExit(f"{path.name} at quality {quality}: engines read different integers")
            row: dict[str, Any] = {"picture": path.name, "quality": quality}
            for name, codec, data in (("own", own, files[0]), ("slim", other, files[1])):
                row[f"bpp_{name}"] = 8 * len(data) / area
                row[f"psnr_{name}"] = psnr(original, codec.decode(data).pixels)
            rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--of", default="hyperprior-3", help="the package that it was made from")
    parser.add_argument("--slim", required=True, help="name or folder of the slim package")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=24, help="at most so many")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    package, slim = named_model(arguments.of), named_model(arguments.slim)
    rows = rows_of(package, slim, pictures(arguments.data)[: arguments.pictures])
    figures = [name for name in rows[0] if name not in ("picture", "quality")]
    means = [
        {"quality": quality}
        | {name: statistics.fmean(row[name] for row in rows if row["quality"] == quality) for name in figures}
        for quality in QUALITIES
    ]
    curves = [[row[f"{what}_{name}"] for row in means] for name in ("own", "slim") for what in ("bpp", "psnr")]
    found: dict[str, Any] = {
        "of": sizes(package),
        "slim": sizes(slim) | {"slimming": slim.card["slimming"]},
        "bd_rate_percent": bd_rate(curves[0], curves[1], curves[2], curves[3]).percent,
        "means": means,
        "rows": rows,
    }
    write_json(arguments.out, {**circumstances(), **found})
    print(found["bd_rate_percent"], {name: found["slim"][name] for name in ("bytes_float16", "bytes_stored")})
    for row in means:
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()))


if __name__ == "__main__":
    main()
