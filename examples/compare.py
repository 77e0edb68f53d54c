"""Compare a picture with what came back from its .lpx file: sizes, bits per pixel, PSNR.

Usage: python examples/compare.py ORIGINAL FILE.lpx RESTORED
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image


def main(original: str, packed: str, restored: str) -> None:
    before = np.asarray(Image.open(original).convert("RGB"), dtype=np.float64)
    after = np.asarray(Image.open(restored).convert("RGB"), dtype=np.float64)
    height, width, _ = before.shape
    size = Path(packed).stat().st_size
    error = np.mean((before - after) ** 2)
    psnr = 10 * np.log10(255**2 / error) if error else float("inf")
    print(f"picture     {width} x {height} pixels, {width * height * 3:,} bytes of samples")
    print(f"original    {Path(original).stat().st_size:>9,} bytes  {original}")
    print(f"compressed  {size:>9,} bytes  {packed}  ({8 * size / (width * height):.3f} bits per pixel)")
    print(f"restored    PSNR {psnr:.2f} dB  {restored}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
