"""JPEG whose sender leaves out three fifths of the coefficients (after Qiu 2021), beside JPEG, at equal bytes.

    python benchmarks/trimmed_jpeg.py --data DIR --out benchmarks/results/trimmed_jpeg.json

Each picture at each quality, 4:2:0, optimised Huffman tables: the JPEG; the same restored by the default restorer; the
trimmed JPEG as any program shows it; and restored by its own network. JPEG files are counted as they are, trimmed ones
as the whole `.lpx` file. PSNR over all samples of R, G and B; means over pictures, BD-rates of the mean curves.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from pathlib import Path

import numpy as np
from common import circumstances, pictures, read_rgb, write_json
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress import Image, get_codec
from latentpress.metrics import bd_rate, measure
from latentpress.restoration import Restorer, restore
from latentpress.systems.trimmed_jpeg.codec import sent

QUALITIES = (10, 20, 35, 50, 65, 80)
KINDS = ("jpeg", "jpeg restored", "trimmed", "trimmed restored")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    codec, restorer = get_codec("trimmed-jpeg", threads=1), Restorer(threads=1)
    points: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for path in pictures(given.data):
        pixels = np.asarray(read_rgb(path))
        for quality in QUALITIES:
            buffer = io.BytesIO()
            PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=2, optimize=True)
            jpeg, trimmed, file = buffer.getvalue(), sent(pixels, quality), codec.encode(Image(pixels), quality)
            shown = (
                (len(jpeg), _pixels(jpeg)),
                (len(jpeg), restore(jpeg, model=restorer).image.pixels),
                (len(file), _pixels(trimmed)),
                (len(file), codec.decode(file).pixels),
            )
            for kind, (size, result) in zip(KINDS, shown, strict=True):
                psnr = measure(pixels, np.asarray(result, np.uint8), ("psnr",))["psnr"]
                points[kind, quality].append((8 * size / pixels[..., 0].size, psnr))
        print(path.name, flush=True)
    curves = {
        kind: [np.mean(points[kind, quality], axis=0).round(4).tolist() for quality in QUALITIES] for kind in KINDS
    }
    anchor = np.array(curves["jpeg"]).T
    rates = {kind: round(bd_rate(*anchor, *np.array(curves[kind]).T).percent, 2) for kind in KINDS[1:]}
    print(rates)
    count = len(points["jpeg", QUALITIES[0]])
    found = {"pictures": count, "qualities": QUALITIES, "curves_bpp_psnr": curves, "bd_rate_against_jpeg": rates}
    write_json(given.out, circumstances() | found)


def _pixels(jpeg: bytes) -> NDArray[np.uint8]:
    with PillowImage.open(io.BytesIO(jpeg)) as picture:
        return np.asarray(picture.convert("RGB"))


if __name__ == "__main__":
    main()
