"""Generative decoding beside the flagship at equal bytes: what people may see, in the metrics that there are.

    python benchmarks/generative.py --data DIR --out benchmarks/results/generative.json
    python benchmarks/generative.py --data DIR --out benchmarks/results/look.json --looks

For each picture and rate, each codec reaches the rate by a target (of the benchmark's other coders it is the finest
quality that is no larger); ``hific:NAME`` is the codec with another model. A picture that one of them cannot make so
small is left out for all. With --looks it is `hyperprior` alone, and each file is painted with several looks.

SSIMULACRA 2 and PSNR, of codecs PSNR-HVS-M and FSIM too, and the distance of texture that the painters were trained for
(`parts/texture.py`, lower is better). KID: how far the blocks of all decoded pictures are from those of the originals,
as a crowd and not each from its own: the squared maximum mean discrepancy (Binkowski et al. 2018, arXiv:1801.01401) of
features that no painter was trained on, log2 of 1 + the magnitudes of the flagship's latents at its last rate.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import circumstances, pictures, read_rgb, write_json
from numpy.typing import NDArray

import latentpress
from latentpress.bench.coders import Coder, get_coder
from latentpress.catalogue import systems
from latentpress.codecs import get_codec
from latentpress.codecs.planes import to_planes
from latentpress.errors import InvalidInputError
from latentpress.metrics import METRICS
from latentpress.parts.texture import texture_distance
from latentpress.systems.hyperprior.codec import HyperpriorCodec

MEASURES, LOOK_MEASURES = ("ssimulacra2", "psnr-hvs-m", "fsim", "psnr"), ("ssimulacra2", "psnr")
LOOK_RATES = (0.15, 0.3)  # bits a pixel that every Kodak picture can have
LOOKS = (0.0, 0.5, 1.0)
_ROW = 100  # qualities of a coder whose qualities are rates
SUBSETS, SUBSET = 40, 1000  # of the blocks, for KID

Features = NDArray[np.float32]
Decoded = dict[str, tuple[float, NDArray[np.uint8]]]  # by what made them: bits a pixel, pixels


def by_codec(original: NDArray[np.uint8], rate: float, names: Sequence[str]) -> Decoded:
    """The picture at a rate from each coder; without those that cannot reach it."""
    found = {}
    for name in names:
        id, _, model = name.partition(":")
        try:
            if any(one.id == id for one in systems()):
                codec = get_codec(id, **({"model": model} if model else {}))
                data = latentpress.compress(original, codec=codec, bpp=rate)
                found[name] = _bpp(data, original), codec.decode(data).pixels
            else:
                found[name] = _finest(get_coder(id), original, rate)
        except InvalidInputError:
            continue  # not at this rate
    return found


def _finest(coder: Coder, original: NDArray[np.uint8], rate: float) -> tuple[float, NDArray[np.uint8]]:
    """What the finest quality of a coder gives that is no larger than the rate: of whole numbers, or of a geometric row
    where qualities are rates. Raises InvalidInputError if none is.
    """
    most = max(coder.qualities)
    whole = all(float(one).is_integer() for one in coder.qualities)
    steps = [float(one) for one in range(int(most) + 1)] if whole else list(np.geomspace(0.01, most, _ROW))
    low, high, best = 0, len(steps) - 1, None
    while low <= high:
        middle = (low + high) // 2
        data = coder.encode(original, steps[middle])
        if _bpp(data, original) <= rate:
            best, low = data, middle + 1
        else:
            high = middle - 1
    if best is None:
        raise InvalidInputError(f"{coder.id} has no quality of {rate} bits a pixel")
    return _bpp(best, original), coder.decode(best)


def by_look(original: NDArray[np.uint8], rate: float) -> Decoded:
    """The picture of one file with each look."""
    data = latentpress.compress(original, bpp=rate)
    return {f"look {look:g}": (_bpp(data, original), latentpress.decompress(data, look=look).pixels) for look in LOOKS}


def measured(original: NDArray[np.uint8], decoded: NDArray[np.uint8], names: Sequence[str]) -> dict[str, float]:
    """Metrics of a pair, and its distance of texture."""
    found = {name: float(METRICS[name].function(original, decoded)) for name in names}
    pair = (torch.tensor(one.transpose(2, 0, 1)[None], dtype=torch.float32) for one in (original, decoded))
    return found | {"texture": texture_distance(*pair).item()}


def features(pixels: NDArray[np.uint8]) -> Features:
    """One row for each block of 16 x 16 pixels."""
    model = HyperpriorCodec().model
    latents = model.analysis(to_planes(pixels, model.stride), model.last_rate)
    rows: Features = np.log2(1 + np.abs(latents.reshape(len(latents), -1).T)).astype(np.float32)
    return rows


def kid(one: Features, other: Features) -> float:
    """Mean over random subsets of the unbiased squared MMD with the cubic kernel."""
    rng, found = np.random.default_rng(0), []
    for _ in range(SUBSETS):
        first, second = (rows[rng.choice(len(rows), SUBSET, replace=False)] for rows in (one, other))
        own = [_kernel(rows, rows) for rows in (first, second)]
        inner = sum((k.sum() - np.trace(k)) / (SUBSET * (SUBSET - 1)) for k in own)
        found.append(float(inner - 2 * _kernel(first, second).mean()))
    return statistics.fmean(found)


def _kernel(one: Features, other: Features) -> NDArray[np.float64]:
    product: NDArray[np.float64] = (one.astype(np.float64) @ other.T / one.shape[1] + 1) ** 3
    return product


def _bpp(data: bytes, picture: NDArray[np.uint8]) -> float:
    return 8 * len(data) / (picture.shape[0] * picture.shape[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--codecs", default="hyperprior,hific", help="coders, with commas between")
    parser.add_argument("--rates", default="0.15", help="bits a pixel, with commas between")
    parser.add_argument("--looks", action="store_true", help="looks of the flagship's files instead of codecs")
    arguments = parser.parse_args()
    names = arguments.codecs.split(",")
    rates = LOOK_RATES if arguments.looks else tuple(float(rate) for rate in arguments.rates.split(","))
    measures = LOOK_MEASURES if arguments.looks else MEASURES
    rows: list[dict[str, Any]] = []
    left_out: list[dict[str, Any]] = []
    crowds: dict[tuple[str, float], list[tuple[Features, Features]]] = defaultdict(list)  # originals, decoded
    for path in pictures(arguments.data):
        original = np.asarray(read_rgb(path))
        seen = features(original)
        for rate in rates:
            shown = by_look(original, rate) if arguments.looks else by_codec(original, rate, names)
            if not arguments.looks and len(shown) < len(names):
                left_out.append({"picture": path.name, "target": rate, "without": sorted({*names} - {*shown})})
                continue
            for name, (bpp, pixels) in shown.items():
                crowds[name, rate].append((seen, features(pixels)))
                rows.append({"picture": path.name, "codec": name, "target": rate, "bpp": bpp})
                rows[-1] |= measured(original, pixels, measures)
    means = []
    for (name, rate), pairs in crowds.items():
        both = [np.concatenate(rows) for rows in zip(*pairs, strict=True)]
        own = [row for row in rows if (row["codec"], row["target"]) == (name, rate)]
        figures = {key: statistics.fmean(row[key] for row in own) for key in ("bpp", *measures, "texture")}
        means.append({"codec": name, "target": rate, **figures, "kid": kid(both[0], both[1]), "pictures": len(own)})
    write_json(arguments.out, {**circumstances(), "means": means, "rows": rows, "left_out": left_out})
    for mean in means:
        print(
            "  ".join(f"{key} {value:.4g}" if isinstance(value, float) else str(value) for key, value in mean.items())
        )


if __name__ == "__main__":
    main()
