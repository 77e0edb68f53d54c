"""Wan 2020: does consistency of features make a classifier stand JPEG better than seeing JPEGs in training does?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentpress.bench.coders.pillow import decode_pillow
from latentpress.bench.machine import machine, now, versions
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.labelled import SIDE, Labelled, clusters, saved
from latentpress.studies.learning import SEEDS, accuracy, fit, one_thread, outputs, spread
from latentpress.systems.feature_consistency.net import ConsistentClassifier, consistency_loss
from latentpress.training.data import load_pictures

__all__ = ["WAYS", "run", "study"]

WAYS = {
    "plain": "originals alone, twice as many a step",
    "JPEG augmentation": "originals and their JPEGs of random quality, each a half",
    "feature consistency": "the same, and features of both are drawn together",
    "feature consistency, mapping": "the same with the residual mapping block, which is told the quality",
}
"""Ways of training, in words."""

_TRAINED = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95)
_TESTED = (100, 80, 40, 20, 10, 5)
_CROPS = 1600
_STEPS = 250
_BATCH = 32
_WEIGHT = 0.5


def run(request: Request) -> Result:
    """The study, on one thread, with crops of the pictures under ``request.data``."""
    photographs = load_pictures(list(request.data), 2 * SIDE)
    with one_thread():
        return study(lambda seed: clusters(photographs, _CROPS, seed), SEEDS, _STEPS, request.say)


def study(make: Callable[[int], Labelled], seeds: Sequence[int], steps: int, say: Callable[[str], None]) -> Result:
    """Every way with every seed; accuracy on originals and on their JPEGs."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    words, seconds = "", {way: 0.0 for way in WAYS}
    for seed in seeds:
        data = make(seed)
        words = data.words
        originals, tests = _tensor(data.pictures), {"original": (_tensor(data.test_pictures), 100)}
        coded = torch.stack([_decoded(data.pictures, quality) for quality in _TRAINED])
        tests |= {f"QF {quality}": (_decoded(data.test_pictures, quality), quality) for quality in _TESTED[1:]}
        labels, test_labels = torch.from_numpy(data.labels), torch.from_numpy(data.test_labels)
        for way in WAYS:
            torch.manual_seed(seed)
            net = ConsistentClassifier(originals.shape[1], SIDE, data.classes, mapping="mapping" in way)
            loss = _loss(net, way, originals, coded, labels, seed)
            seconds[way] += fit(
                net, loss, len(originals), steps, batch=2 * _BATCH if way == "plain" else _BATCH, seed=seed
            )
            found[way].append(
                {
                    name: accuracy(outputs(net, pictures, torch.full((len(pictures),), float(quality))), test_labels)
                    for name, (pictures, quality) in tests.items()
                }
            )
            say(f"seed {seed}, {way}: " + ", ".join(f"{k} {100 * v:.1f} %" for k, v in found[way][-1].items()))
    return _result(found, seconds, words, steps, seeds)


def _loss(
    net: ConsistentClassifier, way: str, originals: Tensor, coded: Tensor, labels: Tensor, seed: int
) -> Callable[[Tensor], Tensor]:
    """What one step makes small, of the examples chosen."""
    drawn, weight = torch.Generator().manual_seed(seed), _WEIGHT * way.startswith("feature")

    def loss(chosen: Tensor) -> Tensor:
        if way == "plain":
            quality = torch.full((len(chosen),), 100.0)
            return torch.nn.functional.cross_entropy(net(originals[chosen], quality), labels[chosen])
        which = torch.randint(len(_TRAINED), (len(chosen),), generator=drawn)
        quality = torch.tensor(_TRAINED, dtype=torch.float32)[which]
        return consistency_loss(net, originals[chosen], coded[which, chosen], quality, labels[chosen], weight)

    return loss


def _tensor(pictures: NDArray[np.uint8]) -> Tensor:
    """(N, C, H, W) float32 in -1..1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def _decoded(pictures: NDArray[np.uint8], quality: int) -> Tensor:
    decoded = np.stack([decode_pillow(one, "JPEG") for one in saved(pictures, quality)])
    return _tensor(decoded.reshape(pictures.shape))


def _result(
    found: dict[str, list[dict[str, float]]], seconds: dict[str, float], words: str, steps: int, seeds: Sequence[int]
) -> Result:
    tested = list(found["plain"][0])
    rows = [
        (way, *(spread([100 * one[name] for one in trials], 1) for name in tested), f"{seconds[way] / len(seeds):.0f}")
        for way, trials in found.items()
    ]
    gains = [
        (
            f"{way} over {other}",
            *(
                spread([100 * (a[name] - b[name]) for a, b in zip(found[way], found[other], strict=True)], 1, sign=True)
                for name in tested
            ),
        )
        for way, other in (
            ("JPEG augmentation", "plain"),
            ("feature consistency", "JPEG augmentation"),
            ("feature consistency, mapping", "JPEG augmentation"),
        )
    ]
    intro = [
        "Wan et al. 2020 feed a classifier with a picture and with a JPEG of it at random quality, and add the "
        "distance of the features inside to what is made small; a residual mapping block, told the quality, may "
        "correct the "
        f"features of JPEGs. Here a small network (two convolutions, two full layers) learns {steps} steps of "
        f"{2 * _BATCH} pictures by Adam, in four ways: "
        + "; ".join(f"{way}: {text}" for way, text in WAYS.items())
        + ".",
        f"Data: {words}. JPEGs are 4:4:4 of Pillow, qualities {', '.join(map(str, _TRAINED))} in training. Means over "
        f"{len(seeds)} seeds, which also draw crops and weights, with the standard deviation.",
    ]
    notes = [
        f"The weight of the distance, over two stages and relative to the features' mean square, is {_WEIGHT}; it was "
        "not searched for.",
        "The mapping block is told the quality of the file that is tested, as a decoder would know it.",
        "Training with JPEGs sees each original half as often as plain training does, at equal pictures a step.",
        "The labels of crops are made from their uncompressed pixels by a rule, so a JPEG of low quality, which "
        "changes contrast and direction, hides just what the label asks for.",
    ]
    data: dict[str, Any] = {
        "study": "s4-wan",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "set": words,
        "steps": steps,
        "batch": 2 * _BATCH,
        "weight": _WEIGHT,
        "accuracy": found,
        "training_seconds": seconds,
    }
    tables = [
        Table("Accuracy on test pictures, %", ("training", *tested, "seconds a run"), rows),
        Table("Differences of one seed, points", ("", *tested), gains),
    ]
    return Result("s4-wan", "Consistency of features against JPEG augmentation", intro, tables, notes, data)
