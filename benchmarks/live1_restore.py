"""JPEG restoration on a folder of lossless pictures, LIVE1 above all.

    python benchmarks/live1_restore.py --data DIR --out benchmarks/results/live1_restore.json [--models A,B]

Each picture goes through Pillow's JPEG (4:2:0, libjpeg's tables) at each quality and is restored by each model, freely
and held to the file's quantisation intervals. Written for each, as means over the pictures: colour PSNR (over all
samples of R, G and B), luma PSNR, PSNR-B of luma, and the share of whole blocks that are the very same when the result
is compressed again with the file's tables. Then time (768x512, 1 and 2 threads) and the peak memory of the command
`latentpress restore` on a mosaic of 12 megapixels. Linux or macOS.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json
from numpy.typing import NDArray
from PIL import Image

from latentpress.restoration import Projection, Restorer, read_jpeg, restore
from latentpress.restoration.calibration import patterned
from latentpress.restoration.jpeg import JpegPicture, native_planes
from latentpress.transforms.colour import to_ycc

QUALITIES = (10, 20, 40, 60, 80, 90, 95)


_COMMAND = "import typer; from latentpress.apps.restore import restore; typer.run(restore)"

# A process's peak memory starts at that of the process that started it (Linux), so a small one stands in between.
_LAUNCHER = """
import os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - start, usage.ru_maxrss)
"""


def compress(pixels: NDArray[np.uint8], **settings: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", subsampling="4:2:0", **settings)
    return stream.getvalue()


def psnr(one: NDArray[Any], other: NDArray[Any]) -> float:
    return 10 * math.log10(255**2 / max(float(np.square(one.astype(np.float64) - other).mean()), 1e-9))


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    return to_ycc(pixels)[0].astype(np.float64)


def psnr_b(restored: NDArray[np.float64], original: NDArray[np.float64]) -> float:
    """PSNR less the blocking effect factor of the restored luma (Yim and Bovik 2011, 8x8 blocks)."""
    factor = 0.0
    for plane in (restored, restored.T):
        steps = np.square(np.diff(plane, axis=1)).mean(axis=0)
        border = np.arange(1, plane.shape[1]) % 8 == 0
        at, elsewhere = steps[border].mean(), steps[~border].mean()
        if at > elsewhere:
            factor += math.log2(8) / math.log2(min(plane.shape)) * (at - elsewhere)
    return 10 * math.log10(255**2 / (float(np.square(restored - original).mean()) + factor))


def same_blocks(jpeg: JpegPicture, pixels: NDArray[np.uint8]) -> float:
    """Share of whole blocks of all components that decode to the very same samples after compressing again."""
    tables = [[int(v) for v in table.ravel()] for table in (jpeg.quantisation.luma, jpeg.quantisation.chroma)]
    again = read_jpeg(compress(pixels, qtables=tables))
    height, width = pixels.shape[:2]
    same = []
    for i, (one, other) in enumerate(zip(native_planes(jpeg), native_planes(again), strict=True)):
        rows, columns = (side // (8 if i == 0 else 16) for side in (height, width))
        equal = (one == other)[: rows * 8, : columns * 8].reshape(rows, 8, columns, 8)
        same.append(equal.all(axis=(1, 3)).ravel())
    return float(np.concatenate(same).mean())


def figures(pixels: NDArray[np.uint8], original: NDArray[np.uint8]) -> dict[str, float]:
    y, reference = luma(pixels), luma(original)
    return {"psnr": psnr(pixels, original), "psnr_y": psnr(y, reference), "psnr_b": psnr_b(y, reference)}


def measure(path: Path, quality: int, restorers: dict[str, Restorer]) -> dict[str, dict[str, float]]:
    """Figures of the JPEG and of every way to restore it, by name."""
    original = np.asarray(read_rgb(path))
    data = compress(original, quality=quality)
    jpeg = read_jpeg(data)
    projection = Projection(jpeg)
    bpp = 8 * len(data) / (original.shape[0] * original.shape[1])
    row = {"jpeg": {"bpp": bpp} | figures(jpeg.pixels, original)}
    for name, restorer in restorers.items():
        free = restorer.restore(jpeg.pixels, jpeg.quantisation)
        held = projection(free)
        row[f"{name} free"] = figures(free, original)
        row[f"{name} projected"] = figures(held, original) | {"same_blocks": same_blocks(jpeg, held)}
    return row


def speed(paths: list[Path], model: str, repeats: int) -> dict[str, Any]:
    """Seconds for 768x512 in process, of the first picture and of the first that is calibrated as one of patterns; wall
    seconds and peak memory of the command on 12 megapixels.
    """
    tiles = {
        path.name: np.pad(np.asarray(read_rgb(path)), ((0, 512), (0, 768), (0, 0)), mode="symmetric")[:512, :768]
        for path in paths
    }
    tile, pattern = (
        tiles[paths[0].name],
        next(t for t in tiles.values() if patterned(read_jpeg(compress(t, quality=40)).pixels)),
    )
    warm = {}
    for threads in (1, 2):
        restorer = Restorer(model, threads=threads)
        for project in (False, True):
            for kind, picture in (("", tile), (", patterns", pattern)):
                data = compress(picture, quality=40)
                restore(data, model=restorer, project=project)
                seconds = []
                for _ in range(repeats):
                    start = time.perf_counter()
                    restore(data, model=restorer, project=project)
                    seconds.append(time.perf_counter() - start)
                way = "projected" if project else "free"
                warm[f"threads {threads}, {way}{kind}"] = sorted(seconds)[len(seconds) // 2]
    large = np.concatenate([np.concatenate([tile] * 6, axis=1)[:, :4000]] * 6, axis=0)[:3000]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "large.jpg", Path(folder) / "large.png"
        source.write_bytes(compress(large, quality=30))
        command = [sys.executable, "-c", _COMMAND, source, "-o", target, "--model", model, "--threads", "2", "--quiet"]
        launcher = [sys.executable, "-S", "-E", "-c", _LAUNCHER, *map(str, command)]
        done = subprocess.run(launcher, capture_output=True, text=True, check=True)
    status, wall, peak = done.stdout.split()
    if status != "0":
        raise SystemExit(f"latentpress restore failed: {done.stderr.strip()}")
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    return {
        "seconds_768x512": warm,
        "megapixels_12": {"wall_s": round(float(wall), 2), "peak_mib": round(int(peak) * unit / 2**20, 1)},
    }


def table(result: dict[str, Any]) -> str:
    """The result as the Markdown tables of docs/restoration.md."""
    first, *others = result["models"]
    lines = [
        f"| quality | JPEG | `{first}` | gain | least | without projection | luma | PSNR-B (JPEG) | same blocks |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for quality, means in result["qualities"].items():
        jpeg, held, free = means["jpeg"], means[f"{first} projected"], means[f"{first} free"]
        lines.append(
            f"| {quality} | {jpeg['psnr']:.2f} | {held['psnr']:.2f} | {held['gain']:+.2f} | {held['least_gain']:+.2f} "
            f"| {free['gain']:+.2f} | {held['psnr_y'] - jpeg['psnr_y']:+.2f} "
            f"| {held['psnr_b']:.2f} ({jpeg['psnr_b']:.2f}) | {100 * held['same_blocks']:.2f} % |"
        )
    if others:
        names = [first, *others]
        lines += [
            "",
            "| gain at quality | " + " | ".join(result["qualities"]) + " |",
            "|---|" + "---|" * len(result["qualities"]),
        ]
        for name in names:
            for way in ("free", "projected"):
                gains = (f"{means[f'{name} {way}']['gain']:+.2f}" for means in result["qualities"].values())
                lines.append(f"| `{name}` {way} | " + " | ".join(gains) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of lossless pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--models", default="restore-2", help="names or folders of model packages")
    parser.add_argument("--qualities", default=",".join(map(str, QUALITIES)))
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--speed-only", action="store_true", help="measure times again, into the file that is there")
    arguments = parser.parse_args()
    paths = pictures(arguments.data)
    names = arguments.models.split(",")
    if arguments.speed_only:
        known = json.loads(arguments.out.read_text(encoding="utf-8"))
        known["speed"] = {**speed(paths, names[0], 5), "load": circumstances()["machine"]["load"]}
        print(known["speed"])
        write_json(arguments.out, known)
        return
    restorers = {r.package.name: r for r in (Restorer(name) for name in names)}
    result: dict[str, Any] = {
        **circumstances(),
        "data": {"folder": arguments.data.name, "pictures": [path.name for path in paths]},
        "jpeg": "Pillow, 4:2:0, libjpeg tables",
        "models": {
            name: {"id": r.package.id.hex(), "config": r.package.config, "complexity": r.package.card["complexity"]}
            for name, r in restorers.items()
        },
        "qualities": {},
    }
    for quality in map(int, arguments.qualities.split(",")):
        rows = [measure(path, quality, restorers) for path in paths]
        means = {
            way: {key: round(float(np.mean([row[way][key] for row in rows])), 4) for key in rows[0][way]}
            for way in rows[0]
        }
        for way, values in means.items():
            if way != "jpeg":
                gains = [row[way]["psnr"] - row["jpeg"]["psnr"] for row in rows]
                values |= {"gain": round(float(np.mean(gains)), 4), "least_gain": round(min(gains), 4)}
        result["qualities"][str(quality)] = means
        write_json(arguments.out, result)  # what is measured is kept
        shown = "  ".join(f"{way} {v['psnr']:.2f} ({v['gain']:+.3f})" for way, v in means.items() if way != "jpeg")
        print(f"quality {quality}: jpeg {means['jpeg']['psnr']:.2f}  {shown}", flush=True)
    if not arguments.no_speed:
        result["speed"] = speed(paths, names[0], 5)
        print(result["speed"])
    write_json(arguments.out, result)
    print(table(result))


if __name__ == "__main__":
    main()
