"""How far the lossy codec is ahead of, or behind, another one on each picture of its own, not on average.

    python benchmarks/worst_case.py --set kodak=benchmarks/results/bench/kodak --out benchmarks/results/worst_case.json

Reads folders that `latentpress bench` wrote (no picture is coded here). For each picture, the size of our file over the
other coder's at equal RGB PSNR, in the range of PSNR that both curves cover: the mean of its logarithm and its largest
value, on curves that are linear in log(rate) between the measured points.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, write_json
from numpy.typing import NDArray

from latentpress.bench.curves import Curve, PointTable
from latentpress.bench.results import read_results

_STEPS = 41  # places in the shared range of PSNR


def ratios(ours: Curve, other: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """(PSNR, our size over the other's) over the shared range of PSNR; None if there is none."""
    first, second = _sorted(ours), _sorted(other)
    low, high = max(first[1][0], second[1][0]), min(first[1][-1], second[1][-1])
    if high - low < 0.5:
        return None
    places = np.linspace(low, high, _STEPS)
    return places, np.exp(np.interp(places, first[1], first[0]) - np.interp(places, second[1], second[0]))


def _sorted(curve: Curve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """log(rate) and PSNR, with rising PSNR."""
    rates, values = np.array(sorted(curve, key=lambda point: point[1])).T
    return np.log(rates), values


def compare(folder: Path, ours: str, other: str) -> dict[str, Any]:
    """Rows of all pictures of a folder of results, the worst first, and what stands out."""
    run = read_results(folder / "results.jsonl")
    tables = [PointTable(run, id) for id in (ours, other)]
    rows = []
    for picture in run.header.pictures:
        found = ratios(*(table.curve(picture, "psnr") for table in tables))
        if found is None:
            continue
        places, ratio = found
        rows.append(
            {
                "picture": picture,
                "mean_percent": 100 * (float(np.exp(np.log(ratio).mean())) - 1),
                "worst_percent": 100 * (float(ratio.max()) - 1),
                "worst_at_db": float(places[ratio.argmax()]),
                "range_db": [float(places[0]), float(places[-1])],
            }
        )
    if not rows:
        raise SystemExit(f"{folder}: no picture has curves of {ours} and {other} that overlap")
    rows.sort(key=lambda row: -row["worst_percent"])
    return {
        "codec": ours,
        "other": other,
        "pictures": len(rows),
        "mean_percent": statistics.fmean(row["mean_percent"] for row in rows),
        "worse_at_some_quality": sum(row["worst_percent"] > 0 for row in rows),
        "worse_by_15_percent_at_some_quality": sum(row["worst_percent"] > 15 for row in rows),
        "worse_on_average": sum(row["mean_percent"] > 0 for row in rows),
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", required=True, metavar="NAME=FOLDER", help="results of one set")
    parser.add_argument("--codec", default="hyperprior")
    parser.add_argument("--against", default="webp")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    arguments = parser.parse_args()
    sets = {}
    for item in arguments.set:
        name, _, folder = item.partition("=")
        sets[name] = compare(Path(folder), arguments.codec, arguments.against)
        worst = sets[name]["rows"][0]
        print(
            f"{name}: {sets[name]['mean_percent']:+.1f} % on average over {sets[name]['pictures']} pictures; worst "
            f"{worst['picture']}, {worst['worst_percent']:+.1f} % at {worst['worst_at_db']:.1f} dB "
            f"({worst['mean_percent']:+.1f} % over its range)"
        )
    write_json(arguments.out, {**circumstances(), "sets": sets})


if __name__ == "__main__":
    main()
