"""Whether files of a codec with a rate controller have the rates that its training aimed for.

    python benchmarks/held_rates.py --model hific-2 --set valid=DIR --set kodak=DIR \
        --out benchmarks/results/held_rates.json

Aims stand in the card of the package (``rates``, at the rate indices of its anchors), and are geometric between. Whole
files at qualities spread evenly; means over each set's pictures.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json

from latentpress.codecs import get_codec
from latentpress.image import Image
from latentpress.metrics import bits_per_pixel
from latentpress.models import named_model

QUALITIES = (0, 25, 50, 75, 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="hific-2")
    parser.add_argument("--set", action="append", required=True, metavar="NAME=DIR")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    package = named_model(arguments.model)
    codec = get_codec(package.codec, model=arguments.model, threads=1)
    anchors = package.card["rates"]["anchors"]
    sets: dict[str, Any] = {}
    for given in arguments.set:
        name, _, folder = given.partition("=")
        originals = [Image(np.asarray(read_rgb(path))) for path in pictures(Path(folder))]
        sets[name] = {"pictures": len(originals), "rates": []}
        for quality in QUALITIES:
            rate = quality / 100 * anchors[-1]["rate"]
            aims = np.log([one["aim_bpp"] for one in anchors])
            aim = float(np.exp(np.interp(rate, [one["rate"] for one in anchors], aims)))
            found = statistics.fmean(
                bits_per_pixel(len(codec.encode(one, quality)), one.width, one.height) for one in originals
            )
            row = {"quality": quality, "aim_bpp": aim, "bpp": found, "off_percent": 100 * (found / aim - 1)}
            sets[name]["rates"].append(row)
            print(name, row, flush=True)
    write_json(arguments.out, {**circumstances(), "model": arguments.model, "sets": sets})


if __name__ == "__main__":
    main()
