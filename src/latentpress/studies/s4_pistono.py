"""Pistono 2020: classifiers of JPEG files decompressed as far as coefficients, and of pixels: loss and gain."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentpress.bench.coders.pillow import decode_pillow
from latentpress.bench.machine import machine, now, versions
from latentpress.codecs.jpeg import JpegFile, read_jpeg
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.labelled import SIDE, Labelled, clusters, digits, saved
from latentpress.studies.learning import SEEDS, accuracy, fit, one_thread, outputs, spread
from latentpress.systems.coefficient_classifier.net import NETWORKS
from latentpress.training.data import load_pictures
from latentpress.training.jpeg_levels import LEVELS, dequantised, planes_of, quantised
from latentpress.transforms import inverse_block_dct

__all__ = ["Trial", "run", "study"]

_QUALITIES = (80,)
_CROPS = 800
_STEPS = 150
_STAGES, _WHOLE = ("entropy decoding", "dequantisation", "inverse DCT"), "all of it by libjpeg"
_PRINTED = {"complexity": -45, "accuracy": -13}  # per cent, of the convolutional network at quality 80


@dataclass(frozen=True)
class Trial:
    """A network on files of one quality: ``accuracy`` 0..1 of test files; ``training``: processor seconds;
    ``inference``: of them, microseconds a picture, the network alone.
    """

    data: str
    quality: int
    network: str
    level: str
    seed: int
    accuracy: float
    training: float
    inference: float


def run(request: Request) -> Result:
    """The study, on one thread, with crops of the pictures under ``request.data``."""
    photographs = load_pictures(list(request.data), 2 * SIDE)
    sets = {"digits": digits, "crops": lambda seed: clusters(photographs, _CROPS, seed)}
    with one_thread():
        return study(sets, _QUALITIES, SEEDS, _STEPS, request.say)


def study(
    sets: dict[str, Callable[[int], Labelled]],
    qualities: Sequence[int],
    seeds: Sequence[int],
    steps: int,
    say: Callable[[str], None],
) -> Result:
    """Every network at every level, on every set at every quality, with every seed."""
    trials, words, decoding = [], {}, {}
    for name, make in sets.items():
        for seed in seeds:
            data = make(seed)
            words[name] = data.words
            for quality in qualities:
                files = saved(data.pictures, quality), saved(data.test_pictures, quality)
                if seed == seeds[0]:
                    decoding[f"{name}, QF {quality}"] = _decoding(files[1])
                opened = [read_jpeg(one) for one in files[0]], [read_jpeg(one) for one in files[1]]
                for level in LEVELS:
                    found = _level(data, opened, level, steps, seed)
                    trials += [Trial(name, quality, network, level, seed, *figures) for network, figures in found]
                say(f"{name}, quality {quality}, seed {seed} done")
    return _result(trials, decoding, words, steps, seeds)


def _level(
    data: Labelled, files: tuple[list[JpegFile], list[JpegFile]], level: str, steps: int, seed: int
) -> list[tuple[str, tuple[float, float, float]]]:
    """Accuracy, training and inference time of each network that reads this level."""
    train, test = (torch.from_numpy(np.stack([planes_of(one, level) for one in part])) for part in files)
    scale = train.square().mean().sqrt()
    train, test = train / scale, test / scale
    labels, test_labels = torch.from_numpy(data.labels), torch.from_numpy(data.test_labels)
    found = []
    for name, make in NETWORKS.items():
        if level == "pixels" and name == "CNN of blocks":
            continue
        torch.manual_seed(seed)
        net = make(train.shape[1], SIDE, data.classes)

        def loss(chosen: Tensor, net: Any = net) -> Tensor:
            return torch.nn.functional.cross_entropy(net(train[chosen]), labels[chosen])

        seconds = fit(net, loss, len(train), steps, seed=seed)
        began = time.process_time()
        scores = outputs(net, test)
        each = 1e6 * (time.process_time() - began) / len(test)
        found.append((name, (accuracy(scores, test_labels), seconds, each)))
    return found


def _decoding(files: Sequence[bytes]) -> dict[str, float]:
    """Microseconds a picture of the stages of decompression in this package's NumPy."""
    marks = [time.process_time()]
    opened = [read_jpeg(one) for one in files]
    levels = [quantised(one) for one in opened]
    marks.append(time.process_time())
    coefficients = [dequantised(one, blocks) for one, blocks in zip(opened, levels, strict=True)]
    marks.append(time.process_time())
    for one in coefficients:
        for component in one:
            inverse_block_dct(component)
    marks.append(time.process_time())
    for data in files:
        decode_pillow(data, "JPEG")
    marks.append(time.process_time())
    each = np.diff(marks) * 1e6 / len(files)
    return dict(zip((*_STAGES, _WHOLE), map(float, each), strict=True))


def _result(
    trials: Sequence[Trial],
    decoding: dict[str, dict[str, float]],
    words: dict[str, str],
    steps: int,
    seeds: Sequence[int],
) -> Result:
    tables = []
    for name, text in words.items():
        rows: list[tuple[str, ...]] = []
        for quality in sorted({one.quality for one in trials}, reverse=True):
            stages = [decoding[f"{name}, QF {quality}"][stage] for stage in _STAGES]
            for network in NETWORKS:
                pixels = _of(trials, name, quality, network if network != "CNN of blocks" else "CNN", "pixels")
                whole = sum(stages) + _mean(pixels, "inference")
                for level in LEVELS:
                    found = _of(trials, name, quality, network, level)
                    if not found:
                        continue
                    stage = sum(stages[: 1 + LEVELS.index(level)])
                    total = stage + _mean(found, "inference")
                    lost = [100 * (a.accuracy - b.accuracy) for a, b in zip(found, pixels, strict=True)]
                    rows.append(
                        (
                            str(quality),
                            network,
                            level,
                            spread([100 * one.accuracy for one in found], 1),
                            "" if level == "pixels" else spread(lost, 1, sign=True),
                            f"{_mean(found, 'training'):.1f}",
                            f"{stage:.0f} + {_mean(found, 'inference'):.0f}",
                            "" if level == "pixels" else f"{100 * (total / whole - 1):+.0f} %",
                        )
                    )
        columns: tuple[str, ...] = (
            "QF",
            "network",
            "reads",
            "accuracy, %",
            "over pixels, points",
            "training, s",
            "decoding + network, µs a picture",
            "time over pixels",
        )
        tables.append(Table(f"{name}: {text}", columns, rows))
    columns = ("files", *_STAGES, _WHOLE)
    times = [(name, *(f"{stages[stage]:.0f}" for stage in columns[1:])) for name, stages in decoding.items()]
    tables.append(Table("Decompression, µs a picture", columns, times))
    best = [one for one in trials if one.quality == 80 and one.network == "CNN"]
    intro = [
        "Pistono et al. 2020 (as Kunwar and Alade 2023 report) train classifiers on JPEG files that are decompressed "
        "in part: to quantised coefficients, to dequantised ones, or to pixels. At quality 80 a convolutional network "
        "is said to lose 13 % of accuracy where 45 % of complexity is saved; a perceptron hardly loses. Their data are "
        "MNIST and CIFAR-10, which cannot be had here; the two sets below stand in for them.",
        f"Every network trains for {steps} steps of Adam on 64 pictures, on inputs divided by their root mean square; "
        f"means over {len(seeds)} seeds (which also draw sets and weights) with the standard deviation. Coefficients "
        "lie where the samples of their block would, so the first two networks are the same for all levels. "
        '"CNN of blocks" has a channel for each frequency and is compared with the CNN of pixels.',
    ]
    notes = [
        "Quantised and dequantised coefficients differ by one factor for each frequency. A network that scales each "
        "input by itself cannot tell them apart; what differences there are come from the start and the speed of "
        "learning.",
        "A 3x3 kernel that slides over coefficients meets another frequency at each place, so what it learns at one "
        "place does not hold at the next. A CNN would lose by that where things move about. Digits and blocks stand in "
        "fixed places here, a full layer follows, and the loss that the paper has does not show.",
        "Times are of one thread. Decoding is this package's NumPy, where Python's overhead for each small file "
        "counts; libjpeg's entropy decoding, inverse transform and colours are many times quicker, and nothing "
        "is saved on the entropy decoding by reading coefficients. The share that is saved is therefore one of "
        "this pipeline. What the paper's 45 % are a share of is not said.",
        "The labels of crops are made from their pixels by a rule (no person gave them a meaning), so the second set "
        "asks for colour, contrast and direction, and not for objects.",
    ]
    data: dict[str, Any] = {
        "study": "s4-pistono",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "printed": _PRINTED,
        "sets": words,
        "steps": steps,
        "trials": [asdict(one) for one in trials],
        "decoding_microseconds": decoding,
        "cnn_at_80": {level: [one.accuracy for one in best if one.level == level] for level in LEVELS},
    }
    return Result("s4-pistono", "Classifiers that read JPEG files before they are pixels", intro, tables, notes, data)


def _of(trials: Sequence[Trial], data: str, quality: int, network: str, level: str) -> list[Trial]:
    wanted = (data, quality, network, level)
    return [one for one in trials if (one.data, one.quality, one.network, one.level) == wanted]


def _mean(trials: Sequence[Trial], figure: str) -> float:
    return float(np.mean([getattr(one, figure) for one in trials]))
