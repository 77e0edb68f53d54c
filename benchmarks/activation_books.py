"""The flagship's synthesis with activations on codebooks of 8 bits, after training: what it loses.

    python benchmarks/activation_books.py --train DIR --valid DIR --out benchmarks/results/activation_books.json

The layers are those of `benchmarks/integer_synthesis.py`: what the 1x1 layers of the blocks see is rounded, to one
codebook a layer or to several of different ranges, whose clips are fine-tuned or not, and to evenly spaced levels; all
else stays float. Measured on
the validation pictures: PSNR of the reconstruction at two qualities, from the same decoded latents.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import circumstances, pictures, write_json
from integer_synthesis import CALIBRATION, JUDGED, Feed, crop, feed

from latentpress.engine import TorchNetwork
from latentpress.metrics import psnr
from latentpress.slimming.activation_books import BEYOND, Books, books_for, on_books, tune_clips
from latentpress.slimming.recording import Call
from latentpress.slimming.weights import StoredNetwork
from latentpress.systems.hyperprior.codec import HyperpriorCodec

VARIANTS = ((8, 1), (8, 4))  # bits, codebooks a layer
EVEN = (8, 10)  # bits
STEPS, RATE = 60, 3e-3
NOISE = 0.5  # squared grey levels that rounding to 8 bits makes anyway


def called(network: TorchNetwork, inputs: Feed) -> Call:
    """A run of the float network, to learn from."""
    tensors = {name: torch.from_numpy(np.asarray(one, np.float32)) for name, one in inputs.items()}
    with torch.no_grad():
        outputs = network.on_tensors(**tensors)
    halves = ({name: np.asarray(one).astype(np.float16) for name, one in what.items()} for what in (inputs, outputs))
    return Call(*halves, NOISE)


@torch.no_grad()
def decibels(network: TorchNetwork, books: Mapping[str, Books], judged: list[tuple[Any, Feed]]) -> float:
    """Mean PSNR of the reconstructions."""
    found = []
    for pixels, inputs in judged:
        with on_books(network, books):
            tensors = {name: torch.from_numpy(np.asarray(one, np.float32)) for name, one in inputs.items()}
            planes = network.on_tensors(**tensors)["pixels"][0].numpy()
        found.append(psnr(pixels, np.clip(np.floor(planes + 0.5), 0, 255).astype(np.uint8).transpose(1, 2, 0)))
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="folder of pictures that codebooks are made for")
    parser.add_argument("--valid", type=Path, required=True, help="folder of pictures to judge by")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--count", type=int, default=8, help="pictures to judge by")
    parser.add_argument("--taught", type=int, default=24, help="training pictures")
    parser.add_argument("--spread", type=int, default=50, help="take every so many of them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    codec = HyperpriorCodec(threads=1)
    stored = StoredNetwork(codec.model.package.network("synthesis"))
    network = TorchNetwork(stored.plain())
    weights = [name for name in stored.matrices() if ".expand." in name or ".project." in name]
    taught = [crop(path, 256) for path in sorted(arguments.train.iterdir())[:: arguments.spread][: arguments.taught]]
    calls = [called(network, feed(codec, pixels, quality)) for pixels in taught for quality in CALIBRATION]
    valid = [crop(path, 256) for path in pictures(arguments.valid)[: arguments.count]]
    judged = {quality: [(pixels, feed(codec, pixels, quality)) for pixels in valid] for quality in JUDGED}

    def measured(name: str, books: Mapping[str, Books]) -> None:
        variants[name] = {"psnr": {str(level): decibels(network, books, judged[level]) for level in JUDGED}}
        print(
            f"{name:45}", *(f"q{level} {value:.3f} dB" for level, value in variants[name]["psnr"].items()), flush=True
        )

    variants: dict[str, Any] = {}
    measured("float", {})
    for bits in EVEN:
        books = books_for(network, weights, calls, bits, 1, 0)
        for one in books.values():
            low, high = (float(one.levels[0, end]) / BEYOND[-1] for end in (0, -1))
            one.levels.copy_(torch.linspace(low, high, 2**bits))
        measured(f"{bits} bits, evenly spaced between extremes", books)
    for bits, count in VARIANTS:
        books = books_for(network, weights, calls, bits, count, 0)
        name = f"{bits} bits, {count} codebook{'s' if count > 1 else ''} a layer"
        measured(name, books)
        tune_clips(network, books, calls, STEPS, RATE, 0)
        measured(f"{name}, clips fine-tuned", books)
    write_json(arguments.out, {**circumstances(), "model": codec.model.package.name, "variants": variants})


if __name__ == "__main__":
    main()
