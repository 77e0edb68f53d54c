"""The generative codec beside the flagship at equal bytes: what people may see, in the metrics that there are.

    python benchmarks/generative.py --data DIR --out benchmarks/results/generative.json

For each picture and rate, both codecs reach the rate by a target; SSIMULACRA 2, PSNR-HVS-M, FSIM, PSNR of the decoded
pictures, and the distance of texture that the codec was trained for (`parts/texture.py`, lower is better).
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import circumstances, pictures, read_rgb, write_json

import latentpress
from latentpress.metrics import METRICS
from latentpress.parts.texture import texture_distance

CODECS = ("hyperprior", "hific")
RATES = (0.15,)  # bits a pixel that every Kodak picture can have with both
MEASURES = ("ssimulacra2", "psnr-hvs-m", "fsim", "psnr")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for path in pictures(arguments.data):
        original = np.asarray(read_rgb(path))
        for codec in CODECS:
            for rate in RATES:
                data = latentpress.compress(original, codec=codec, bpp=rate)
                decoded = latentpress.decompress(data).pixels
                row: dict[str, Any] = {"picture": path.name, "codec": codec, "target": rate}
                row["bpp"] = 8 * len(data) / (original.shape[0] * original.shape[1])
                row |= {name: float(METRICS[name].function(original, decoded)) for name in MEASURES}
                pair = (torch.tensor(one.transpose(2, 0, 1)[None], dtype=torch.float32) for one in (original, decoded))
                row["texture"] = texture_distance(*pair).item()
                rows.append(row)
    means = [
        {"codec": codec, "target": rate}
        | {
            name: statistics.fmean(row[name] for row in rows if (row["codec"], row["target"]) == (codec, rate))
            for name in ("bpp", *MEASURES, "texture")
        }
        for codec in CODECS
        for rate in RATES
    ]
    write_json(arguments.out, {**circumstances(), "means": means, "rows": rows})
    for mean in means:
        print(
            "  ".join(f"{key} {value:.4g}" if isinstance(value, float) else str(value) for key, value in mean.items())
        )


if __name__ == "__main__":
    main()
