"""Draw scans of the retina without speckle, for the training of `retina`.

    python benchmarks/scans.py OUT_DIR 240

PNG files, the same ones every time: `drawn_scan` of the numbers from ``--first`` on, in sizes from 224x300 to 560x860.
The study measures numbers 0 to 5 (`latentpress reproduce guo-2020`), which are never written here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from latentpress.image import Image, write
from latentpress.studies.scans import drawn_scan

MEASURED = 100
"""Numbers below this are kept for what is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("count", type=int, help="how many")
    parser.add_argument("--first", type=int, default=1000, help="number of the first, at least 100")
    given = parser.parse_args()
    if given.first < MEASURED:
        parser.error(f"scans below {MEASURED} are kept for what is measured")
    given.out.mkdir(parents=True, exist_ok=True)
    for number in range(given.first, given.first + given.count):
        rng = np.random.default_rng([number, 1])
        height = int(rng.integers(224, 561))
        scan = drawn_scan(number, height, round(height * rng.uniform(1.35, 1.55)))
        write(Image(scan.clean[:, :, None]), given.out / f"{number}.png")


if __name__ == "__main__":
    main()
