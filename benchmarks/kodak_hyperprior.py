"""Rate and distortion of the flagship codec beside JPEG and WebP, on a folder of pictures such as Kodak's 24.

    python benchmarks/kodak_hyperprior.py --data DIR --out benchmarks/results/kodak_hyperprior.json

For each picture and setting: bytes of the whole file, RGB PSNR and MS-SSIM of the 8-bit result, and the seconds that
encoding and decoding take inside this process after one warm-up. Prints the mean of each setting and the BD-rates
against JPEG 4:2:0.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json
from PIL import Image

from latentpress.bench.coders import Coder, get_coder
from latentpress.bench.coders.own import OwnCoder
from latentpress.errors import InvalidInputError
from latentpress.metrics import bd_rate, ms_ssim, psnr

ANCHOR = "jpeg-420"
BPP_RANGE = (0.05, 3.0)  # of the points that enter the BD-rate of the mean curves
MEANS = ("bpp", "psnr", "ms_ssim", "encode_s", "decode_s")

Row = dict[str, Any]


def measure(coder: Coder, name: str, picture: Image.Image, setting: float) -> Row:
    """One point: one picture at one setting."""
    original = np.asarray(picture)
    start = time.perf_counter()
    data = coder.encode(original, setting)
    middle = time.perf_counter()
    restored = coder.decode(data)
    end = time.perf_counter()
    return {
        "codec": coder.id,
        "setting": setting,
        "picture": name,
        "width": picture.width,
        "height": picture.height,
        "bytes": len(data),
        "bpp": 8 * len(data) / (picture.width * picture.height),
        "psnr": psnr(original, restored),
        "ms_ssim": ms_ssim(original, restored) if min(picture.size) > 160 else None,
        "encode_s": middle - start,
        "decode_s": end - middle,
    }


def mean_rows(rows: list[Row]) -> list[Row]:
    """Means over the pictures for each codec and setting, in the order measured."""
    keys = dict.fromkeys((row["codec"], row["setting"]) for row in rows)
    means = []
    for codec, setting in keys:
        chosen = [row for row in rows if (row["codec"], row["setting"]) == (codec, setting)]
        values = {}
        for name in MEANS:
            known = [row[name] for row in chosen if row[name] is not None]
            values[name] = statistics.fmean(known) if known else None
        means.append(
            {"codec": codec, "setting": setting, "bytes": statistics.fmean(r["bytes"] for r in chosen)} | values
        )
    return means


def curve(rows: list[Row], quality: str) -> tuple[list[float], list[float]]:
    """(rates, qualities) of rows of one codec."""
    kept = [row for row in rows if row[quality] is not None and np.isfinite(row[quality])]
    return [row["bpp"] for row in kept], [row[quality] for row in kept]


def decibels(rows: list[Row]) -> list[Row]:
    """Rows with MS-SSIM as -10 log10(1 - MS-SSIM), for its BD-rate."""
    return [
        row | {"ms_ssim_db": None if row["ms_ssim"] is None else -10 * float(np.log10(max(1 - row["ms_ssim"], 1e-12)))}
        for row in rows
    ]


def compare(rows: list[Row], means: list[Row], anchor: str = ANCHOR) -> dict[str, Row]:
    """BD-rates of each codec against the anchor: of the mean curves, and the mean of the pictures' own."""
    result: dict[str, Row] = {}
    rows, means = decibels(rows), decibels([m for m in means if BPP_RANGE[0] <= m["bpp"] <= BPP_RANGE[1]])
    names = dict.fromkeys(row["codec"] for row in rows)
    if anchor not in names:
        return result
    for codec in names:
        entry: Row = {}
        for quality in ("psnr", "ms_ssim_db"):
            of = {name: [row for row in means if row["codec"] == name] for name in (anchor, codec)}
            try:
                entry[quality] = bd_rate(*curve(of[anchor], quality), *curve(of[codec], quality))._asdict()
            except InvalidInputError as error:
                entry[quality] = {"error": str(error)}
        own = []
        for picture in dict.fromkeys(row["picture"] for row in rows):
            both = [[r for r in rows if (r["codec"], r["picture"]) == (name, picture)] for name in (anchor, codec)]
            try:
                own.append(bd_rate(*curve(both[0], "psnr"), *curve(both[1], "psnr")).percent)
            except InvalidInputError:  # a curve that does not rise everywhere: left out, and counted below
                continue
        entry["per_picture_psnr"] = {"percent": statistics.fmean(own) if own else None, "pictures": len(own)}
        result[codec] = entry
    return result


def rises(means: list[Row], codec: str) -> bool:
    """Whether mean size and mean PSNR both rise from each setting to the next."""
    chosen = [row for row in means if row["codec"] == codec]
    return all(a["bpp"] < b["bpp"] and a["psnr"] < b["psnr"] for a, b in itertools.pairwise(chosen))


def show(result: dict[str, Any]) -> None:
    """Print the means and the BD-rates."""
    print(f"{'codec':<12}{'setting':>8}{'bytes':>10}{'bpp':>8}{'PSNR':>8}{'MS-SSIM':>10}{'enc s':>8}{'dec s':>8}")
    for row in result["means"]:
        similarity = "-" if row["ms_ssim"] is None else f"{row['ms_ssim']:.5f}"
        print(
            f"{row['codec']:<12}{row['setting']:>8g}{row['bytes']:>10.0f}{row['bpp']:>8.3f}{row['psnr']:>8.2f}"
            f"{similarity:>10}{row['encode_s']:>8.3f}{row['decode_s']:>8.3f}"
        )
    for anchor, entries in {ANCHOR: result["bd_rate_against_jpeg"], **result["bd_rate_against"]}.items():
        show_bd(anchor, entries, result["rises"])


def show_bd(anchor: str, entries: dict[str, Row], rises: dict[str, bool]) -> None:
    """Print the BD-rates against one codec."""
    for codec, entry in entries.items():
        parts = []
        for quality, label in (("psnr", "PSNR"), ("ms_ssim_db", "MS-SSIM")):
            bd = entry[quality]
            parts.append(
                f"{label} {bd['error']}"
                if "error" in bd
                else f"{label} {bd['percent']:+.1f} % over {bd['low']:.1f}..{bd['high']:.1f} dB"
            )
        own = entry["per_picture_psnr"]
        if own["percent"] is not None:
            parts.append(f"mean of {own['pictures']} pictures' own {own['percent']:+.1f} %")
        rising = "rises at each step" if rises[codec] else "DOES NOT RISE at each step"
        print(f"BD-rate of {codec} against {anchor}: {'; '.join(parts)}; {rising}")


def _coder(id: str, qualities: tuple[float, ...], threads: int) -> Coder:
    """A coder; one of this package runs on ``threads`` threads at the qualities asked for."""
    coder = get_coder(id)
    if isinstance(coder, OwnCoder):
        coder = OwnCoder(coder.id, coder.lossless, threads, coder.codec, coder.given)
        coder.qualities = qualities
    return coder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of lossless pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--codecs", default=f"hyperprior,{ANCHOR},webp", help="comma-separated (default: %(default)s)")
    parser.add_argument("--also-against", default="", help="comma-separated: more codecs to give BD-rates against")
    parser.add_argument("--qualities", default=",".join(map(str, [1, *range(5, 101, 5)])), help="of our codecs")
    parser.add_argument("--threads", type=int, default=2, help="of our codecs (default: %(default)s)")
    arguments = parser.parse_args()
    qualities = tuple(float(q) for q in arguments.qualities.split(","))
    coders = [_coder(name, qualities, arguments.threads) for name in arguments.codecs.split(",")]
    paths = pictures(arguments.data)

    rows: list[Row] = []
    first = read_rgb(paths[0])
    for coder in coders:
        coder.decode(coder.encode(np.asarray(first), coder.qualities[len(coder.qualities) // 2]))  # warm-up
    for number, path in enumerate(paths, 1):
        picture = read_rgb(path)
        print(f"{number}/{len(paths)} {path.name}", flush=True)
        rows += [measure(coder, path.stem, picture, setting) for coder in coders for setting in coder.qualities]
    rows.sort(key=lambda row: [coder.id for coder in coders].index(row["codec"]))  # stable: by codec, then picture
    means = mean_rows(rows)
    result = {
        **circumstances(),
        "threads": arguments.threads,
        "pictures": [path.name for path in paths],
        "codecs": {
            coder.id: coder.settings() | {"versions": coder.versions(), "qualities": coder.qualities}
            for coder in coders
        },
        "bpp_range_of_bd_rate": BPP_RANGE,
        "bd_rate_against_jpeg": compare(rows, means),
        "bd_rate_against": {
            anchor: compare(rows, means, anchor) for anchor in filter(None, arguments.also_against.split(","))
        },
        "rises": {coder.id: rises(means, coder.id) for coder in coders},
        "means": means,
        "rows": rows,
    }
    write_json(arguments.out, result)
    show(result)


if __name__ == "__main__":
    main()
