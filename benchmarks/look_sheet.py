"""Crops side by side: original, and one file of it painted with several looks.

python benchmarks/look_sheet.py --data KODAK --out docs/images/look.webp
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from common import pictures, read_rgb
from PIL import Image

import latentpress

RATE, SIDE, GAP = 0.15, 160, 4
LOOKS = (0.0, 0.5, 1.0)
CROPS = {  # picture of the set, by number: upper left corner (x, y)
    1: (330, 200), 4: (180, 190), 5: (300, 200), 7: (330, 160), 8: (330, 220), 13: (300, 330), 14: (300, 150),
    15: (330, 120), 19: (150, 420), 20: (420, 270), 22: (300, 180), 24: (200, 200),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found, columns, step = pictures(arguments.data), len(LOOKS) + 1, SIDE + GAP
    sheet = np.full((len(CROPS) // 2 * step, 2 * columns * step, 3), 255, np.uint8)
    for place, (number, (x, y)) in enumerate(CROPS.items()):
        original = np.asarray(read_rgb(found[number - 1]))
        data = latentpress.compress(original, bpp=RATE)
        shown = [original, *(latentpress.decompress(data, look=look).pixels for look in LOOKS)]
        top, left = place // 2 * step, place % 2 * columns * step
        for column, pixels in enumerate(shown):
            across = left + column * step
            sheet[top : top + SIDE, across : across + SIDE] = pixels[y : y + SIDE, x : x + SIDE]
    Image.fromarray(sheet).save(arguments.out, quality=90, method=6)


if __name__ == "__main__":
    main()
