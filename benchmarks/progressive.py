"""Progressive files: areas under curves, files cut anywhere, sizes asked for, adaptive rates, time a layer.

python benchmarks/progressive.py curves --data DIR --out benchmarks/results/progressive_curves.json
python benchmarks/progressive.py cuts --data DIR --out benchmarks/results/progressive_cuts.json
python benchmarks/progressive.py adaptive --data DIR --out benchmarks/results/progressive_adaptive.json
python benchmarks/progressive.py speed --data DIR --out benchmarks/results/progressive_speed.json
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, write_json

from latentpress import container
from latentpress.bench.coders import get_coder
from latentpress.codecs import get_codec
from latentpress.codecs.cutting import cut_to_target
from latentpress.codecs.targets import FileSize
from latentpress.image import Image, read
from latentpress.metrics import bd_rate, bits_per_pixel, measure, psnr, rd_area, similarity_db
from latentpress.studies.recurrent import curve_of, means_of

METRICS = ("psnr", "ms-ssim", "psnr-hvs")
QUALITIES = (3, 8, 15, 30, 55, 75, 88, 95)
RANGE = (0.125, 1.0)  # bits a pixel
CUTS = 200
LAYERS = 8
SIZES = (2_000, 5_000, 12_000, 30_000, 60_000)


def curves(codec: Any, paths: list[Path]) -> dict[str, Any]:
    """Means over the pictures, the areas of Toderici et al. 2017, BD-rates against JPEG where that has the rates."""
    pixels = [read(path).pixels for path in paths]
    jpeg = get_coder("jpeg-420")
    rows = []
    for one in pixels:
        files = [jpeg.encode(one, quality) for quality in QUALITIES]
        rows.append([_point(one, jpeg.decode(data), len(data)) for data in files])
    grey = means_of([[_point(one, np.full_like(one, 128), 0)] for one in pixels])
    found = {codec.id: curve_of(codec, pixels), "jpeg-420": means_of(rows)}
    areas: dict[str, Any] = {}
    for name, points in found.items():
        areas[name] = {}
        for metric in METRICS:
            area = rd_area([0, *points["bpp"]], [*grey[metric], *points[metric]], 0, 2)
            # a file that ends before 2 bpp stays as good as it is
            more = (2 - area.high) * points[metric][-1]
            areas[name][metric] = {"area": area.area + more, "flat_from": area.high}
    sides = found["jpeg-420"], found[codec.id]
    return {
        "points": found,
        "areas_0_to_2_bpp": areas,
        "range_bpp": RANGE,
        "bd_rate": {m: _bd(*sides, m) for m in METRICS},
    }


def cuts(codec: Any, paths: list[Path]) -> dict[str, Any]:
    """Each picture cut at places spread over its file; sizes asked for, in one encoding each."""
    falls, asked = [], []
    for path in paths:
        image = read(path)
        data = codec.encode(image, 100)
        ends = np.linspace(len(data) // (2 * CUTS), len(data), CUTS).astype(int)
        known: dict[int, float] = {}
        best, row = 0.0, []
        for end in ends:
            part = data[:end]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                count = len(container.layers_of(container.read(part, layered=True)[1])) if end > 20 else -1
                if count not in known and count >= 0:
                    known[count] = psnr(image.pixels, codec.decode(part).pixels)
            value = known.get(count, 0.0)
            row.append(best - value)
            best = max(best, value)
        falls.append(max(row))
        for size in SIZES:
            reached = cut_to_target(codec, image, FileSize(size))
            kept = container.read_header(reached.data).rate
            more = container.keep_layers(data, kept + 1) if kept < container.read_header(data).rate else None
            fits = len(reached.data) <= size and (more is None or len(more) > size)
            asked.append({"picture": path.stem, "size": size, "bytes": len(reached.data), "layers": kept,
                          "as_many_as_fit": fits, "encodings": reached.encodings})  # fmt: skip
    return {"cuts": CUTS, "largest_fall_db": max(falls), "falls_db": falls, "sizes": asked,
            "all_fit": all(one["as_many_as_fit"] and one["encodings"] == 1 for one in asked)}  # fmt: skip


def adaptive(codec: Any, paths: list[Path]) -> dict[str, Any]:
    """Files of adaptive rate beside the layers of one file, and beside those of its layers that end a bit plane."""
    pixels = [read(path).pixels for path in paths]
    plain = curve_of(codec, pixels)
    found = curve_of(get_codec(codec.id, **codec.config() | {"adaptive": True}), pixels)
    planes = {name: values[2::2] for name, values in plain.items()}
    sides = {"all_layers": plain, "whole_planes": planes}
    return {
        "points": {"layers": plain, "adaptive": found},
        "range_bpp": RANGE,
        "bd_rate": {name: {m: _bd(side, found, m) for m in METRICS} for name, side in sides.items()},
    }


def speed(codec: Any, paths: list[Path]) -> dict[str, Any]:
    """Seconds of the quickest of three runs for the first picture: its first layers encoded, and decoded."""
    image = Image(read(paths[0]).pixels)
    whole = container.read_header(codec.encode(image, 100)).rate
    quality = 100 * (LAYERS - 1) / (whole - 1)
    encoding, data = _quickest(lambda: codec.encode(image, quality))
    decoding = _quickest(lambda: codec.decode(data))[0]
    return {"width": image.width, "height": image.height, "layers": container.read_header(data).rate,
            "bpp": bits_per_pixel(len(data), image.width, image.height), "encode_s": encoding, "decode_s": decoding,
            "decode_a_layer_s": decoding / LAYERS}  # fmt: skip


def _quickest(work: Any) -> tuple[float, Any]:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - began)
    return min(times), made


def _point(one: Any, made: Any, size: int) -> dict[str, float]:
    return {"bpp": 8 * size / (one.shape[0] * one.shape[1])} | measure(one, made, METRICS)


def _bd(jpeg: Any, ours: Any, metric: str) -> dict[str, float]:
    """BD-rate over the qualities that both reach between the rates of `RANGE`."""
    sides: list[Any] = []
    bounds = []
    for points in (jpeg, ours):
        quality = [similarity_db(v) for v in points[metric]] if metric == "ms-ssim" else points[metric]
        sides += [points["bpp"], quality]
        bounds.append(np.interp(np.log(RANGE), np.log(points["bpp"]), quality))
    window = (max(low for low, _ in bounds), min(high for _, high in bounds))
    found = bd_rate(*sides, window=window)
    return {"percent": found.percent, "low": found.low, "high": found.high}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("curves", "cuts", "adaptive", "speed"))
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--codec", default="toderici")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="only each so-manieth picture")
    arguments = parser.parse_args()
    codec = get_codec(arguments.codec, threads=arguments.threads)
    paths = pictures(arguments.data)[:: arguments.every][: 1 if arguments.what == "speed" else None]
    made = {"curves": curves, "cuts": cuts, "adaptive": adaptive, "speed": speed}[arguments.what](codec, paths)
    about = {"codec": arguments.codec, "threads": arguments.threads, "pictures": [path.stem for path in paths]}
    write_json(arguments.out, {**circumstances(), **about, **made})


if __name__ == "__main__":
    main()
