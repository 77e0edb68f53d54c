"""Entropy models of the papers on the flagship's latents, beside the flagship's own.

    latentpress train entropy-models-flagship --data PHOTOS --out runs/flagship
    latentpress export runs/flagship/checkpoint.safetensors runs/flagship-model --name flagship-mean-scale --data PHOTOS
    python benchmarks/entropy_flagship.py --data KODAK --models runs/flagship-model

Each model codes the latents as whole numbers, so files of all of them decode to the same pictures; the flagship's own
files are of the same analysis and synthesis, but its symbols are rounded around its means. Two comparisons: bytes of
whole files at equal PSNR, as a BD-rate; and bits of the very same whole latents, where those of the flagship are the
ideal lengths under its distributions (side information included). Processor seconds of decoding are of the first
picture, on one thread, the least of two runs. Writes benchmarks/results/entropy_flagship.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import circumstances, pictures, write_json

from latentpress.codecs import get_codec
from latentpress.codecs.base import Codec
from latentpress.codecs.mean_scale.layout import HYPER_LIMIT
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Pricing
from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.image import Image, read
from latentpress.metrics import bd_rate, psnr
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.systems.entropy_models.codec import quantised

OUT = Path(__file__).parent / "results" / "entropy_flagship.json"
OWN, QUALITIES, TIMES = "hyperprior-3", (0, 25, 50, 75, 100), 2


def curve(codec: Codec, images: Sequence[Image], qualities: Sequence[float]) -> dict[str, Any]:
    """Means over the pictures."""
    rows = []
    for quality in qualities:
        files = [codec.encode(image, quality) for image in images]
        shown = [psnr(image.pixels, codec.decode(data).pixels) for image, data in zip(images, files, strict=True)]
        bpp = [8 * len(data) / (image.width * image.height) for image, data in zip(images, files, strict=True)]
        rows.append((float(np.mean(bpp)), float(np.mean(shown))))
    middle, times = codec.encode(images[0], qualities[len(qualities) // 2]), []
    for _ in range(TIMES + 1):  # the first loads the networks
        start = time.process_time()
        codec.decode(middle)
        times.append(time.process_time() - start)
    found = {"bpp": [bpp for bpp, _ in rows], "psnr": [shown for _, shown in rows]}
    return {"qualities": list(qualities)} | found | {"decode_seconds": round(min(times[1:]), 3)}


def own_bits(model: MeanScaleModel, values: np.ndarray, rate: int) -> float:
    """Ideal length of whole latents (M, h, w) under the flagship's distributions, and of its hyper latents."""
    port, hyper = Pricing(), model.hyper_of(values)
    channel = np.arange(len(hyper), dtype=np.uint8).repeat(hyper[0].size)
    port.symbols(hyper.ravel(), channel, model.hyper_tables(rate), HYPER_LIMIT)
    features, first = model.first(hyper, rate, *values.shape[1:])
    seen, bits = np.zeros_like(values), port.total
    for number, places in enumerate(model.order.positions(*values.shape), start=1):
        told = first.at(places)
        if number > 1:
            told = told.plus(model.later(number, features, seen))
        here = values.take(places)
        scale = scale_of(torch.from_numpy(told.tables(len(model.tables)).astype(np.float32)).clamp_min(1))
        bits += float(logistic_bits(torch.from_numpy(here - told.mean), scale).sum())
        seen.reshape(-1)[places] = here
    return bits


def same_latents(codecs: Mapping[str, Any], own: MeanScaleModel, images: Sequence[Image]) -> dict[str, list[float]]:
    """Bits a pixel at each anchor of the entropy models, by model."""
    anchors = min(codec.model.anchors for codec in codecs.values())
    found: dict[str, list[float]] = {name: [] for name in (OWN, *codecs)}
    for rate in STEPS_PER_ANCHOR * np.arange(anchors):
        totals = dict.fromkeys(found, 0.0)
        for image in images:
            planes = to_planes(image.pixels, 16)
            for name, codec in codecs.items():
                latents = codec.model.analysis(planes, int(rate))
                values, port = quantised(latents, ROUNDING_WEIGHT), Pricing()
                codec.model.walk.code(port, int(rate), values.shape[1:], values)
                totals[name] += port.total
            totals[OWN] += own_bits(own, values.astype(np.float32), int(rate))
        pixels = sum(image.width * image.height for image in images)
        for name, total in totals.items():
            found[name].append(total / pixels)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of lossless pictures")
    parser.add_argument("--models", nargs="+", required=True, help="packages on the flagship's latents")
    parser.add_argument("--every", type=int, default=4, help="of the pictures")
    given = parser.parse_args()
    images = [read(path) for path in pictures(given.data)[:: given.every]]
    codecs = {Path(name).name: get_codec("entropy-models", model=name, threads=1) for name in given.models}
    own: Any = get_codec("hyperprior", model=OWN, threads=1)
    anchors = next(iter(codecs.values())).model.anchors  # type: ignore[attr-defined]  # of a LatentCodec
    share = (anchors - 1) / (own.model.anchors - 1)
    curves = {OWN: curve(own, images, [share * quality for quality in (*QUALITIES, 115)])}
    curves |= {name: curve(codec, images, QUALITIES) for name, codec in codecs.items()}
    base, bits = curves[OWN], same_latents(codecs, own.model, images)
    for name, one in curves.items():
        one["bd_rate"] = bd_rate(base["bpp"], base["psnr"], one["bpp"], one["psnr"]).percent
        one["bpp_of_the_same_latents"] = bits[name]
        one["over_own_on_the_same_latents"] = float(np.mean(np.array(bits[name]) / bits[OWN] - 1))
        one["decode_time_over_own"] = one["decode_seconds"] / base["decode_seconds"]
        print(name, json.dumps(one), flush=True)
    steps = {name: codec.model.package.card["training"] for name, codec in codecs.items()}  # type: ignore[attr-defined]
    trained = {name: {"steps": one["steps"], "seconds": one["history"]["seconds"]} for name, one in steps.items()}
    facts = {"pictures": len(images), "threads": 1, "trained": trained}
    write_json(OUT, {**circumstances(), **facts, "models": curves})


if __name__ == "__main__":
    main()
