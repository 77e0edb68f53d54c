"""Ehrlich and Davis 2019: how much of a residual network's accuracy is left on DCT blocks, by how its ReLUs are
approximated?
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentpress.bench.machine import machine, now, versions
from latentpress.codecs.jpeg import read_jpeg
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.labelled import Labelled, digits, saved
from latentpress.studies.learning import SEEDS, accuracy, fit, one_thread, outputs, spread
from latentpress.systems.dct_resnet.net import EXACT, ResNet, approximate, in_frequency
from latentpress.training.jpeg_levels import as_blocks, planes_of

__all__ = ["run", "study"]

_QUALITY = 80
_STEPS = 300
_DIAGONALS = (1, 2, 3, 4, 6, 10, EXACT)
_TESTED = 150  # pictures: blocks take long


def run(request: Request) -> Result:
    """The study, on one thread, on scikit-learn's digits."""
    with one_thread():
        return study(digits, _STEPS, SEEDS, request.say)


def study(make: Callable[[int], Labelled], steps: int, seeds: Sequence[int], say: Callable[[str], None]) -> Result:
    """A network of pixels for each seed, moved to blocks and tested with every approximation."""
    trials: list[dict[str, Any]] = []
    words = ""
    for seed in seeds:
        data = make(seed)
        words = data.words
        pixels, test = (_at(part, "pixels") for part in (data.pictures, data.test_pictures[:_TESTED]))
        scale = pixels.square().mean().sqrt()
        pixels, test = pixels / scale, test / scale
        blocks = torch.from_numpy(as_blocks(_at(data.test_pictures[:_TESTED], "dequantised").numpy())) / scale
        labels, test_labels = torch.from_numpy(data.labels), torch.from_numpy(data.test_labels[:_TESTED])
        torch.manual_seed(seed)
        net = ResNet(pixels.shape[1], pixels.shape[2], data.classes)

        def loss(chosen: Tensor, net: ResNet = net, pixels: Tensor = pixels, labels: Tensor = labels) -> Tensor:
            return torch.nn.functional.cross_entropy(net(pixels[chosen]), labels[chosen])

        fit(net, loss, len(pixels), steps, seed=seed)
        began = time.process_time()
        scores = outputs(net, test)
        of_pixels = time.process_time() - began
        moved = in_frequency(net)
        began = time.process_time()
        same = outputs(moved, blocks)
        of_blocks = time.process_time() - began
        trial: dict[str, Any] = {
            "seed": seed,
            "pixels": accuracy(scores, test_labels),
            "milliseconds": {"pixels": 1e3 * of_pixels / len(test), "blocks": 1e3 * of_blocks / len(test)},
            "largest_difference": float((scores - same).abs().max()),
            "largest_score": float(scores.abs().max()),
        }
        for kind, masked in (("ASM", True), ("APX", False)):
            trial[kind] = {
                diagonals: accuracy(outputs(approximate(moved, diagonals, masked=masked), blocks), test_labels)
                for diagonals in _DIAGONALS
            }
        trials.append(trial)
        say(f"seed {seed}: pixels {100 * trial['pixels']:.1f} %, blocks {100 * trial['ASM'][EXACT]:.1f} %")
    return _result(trials, words, steps)


def _at(pictures: Any, level: str) -> Tensor:
    """(N, C, H, W) of JPEG files of the pictures at a level of `latentpress.training.jpeg_levels`."""
    return torch.from_numpy(np.stack([planes_of(read_jpeg(one), level) for one in saved(pictures, _QUALITY)]))


def _result(trials: Sequence[dict[str, Any]], words: str, steps: int) -> Result:
    rows = [
        (
            str(diagonals),
            *(
                cell
                for kind in ("ASM", "APX")
                for cell in (
                    spread([100 * one[kind][diagonals] for one in trials], 1),
                    spread([100 * (one[kind][diagonals] - one["pixels"]) for one in trials], 1, sign=True),
                )
            ),
        )
        for diagonals in _DIAGONALS
    ]
    times = [float(np.mean([one["milliseconds"][kind] for one in trials])) for kind in ("pixels", "blocks")]
    difference = max(one["largest_difference"] for one in trials)
    intro = [
        "Ehrlich and Davis 2019 move a residual network of pixels into JPEG's frequency domain: convolutions become "
        "linear maps of a DCT block and its neighbours, means are first coefficients, and only the ReLU has to be "
        "approximated from some of the frequencies. ASM finds by them where samples are positive and keeps all "
        "frequencies there; APX cuts off the samples that they give. With all 15 diagonals both are exact.",
        f"Here a small residual network learns on pixels of JPEG files (quality {_QUALITY}) for {steps} steps and is "
        f"moved, without learning again. Data: {words}, {_TESTED} of them for testing. Accuracy on pixels: "
        f"{spread([100 * one['pixels'] for one in trials], 1)} %, means over {len(trials)} seeds with the standard "
        "deviation.",
    ]
    notes = [
        f"With all frequencies no score of the moved network differs by more than {difference:.1e} from that of the "
        "network of pixels: the move is exact, the rest is float rounding.",
        f"A dense 3x3 convolution of blocks has 64 x 64 x 9 weights where one of pixels has 9: {times[1]:.2f} ms a "
        f"picture against {times[0]:.2f} ms, one thread. The paper's gain in speed rests on coefficients that are "
        "zero and are skipped, which dense tensors do not do. This is a proof that the network can be moved, and no "
        "way to make it quicker.",
        "Nothing learns after the move. Learning with the approximation in place would win part of the loss back.",
    ]
    data: dict[str, Any] = {
        "study": "s4-resnet",
        "date": now(),
        "machine": machine(),
        "versions": versions() | {"torch": torch.__version__},
        "set": words,
        "quality": _QUALITY,
        "steps": steps,
        "trials": trials,
    }
    columns = ("diagonals", "ASM, %", "over pixels, points", "APX, %", "over pixels, points")
    table = Table("Accuracy on DCT blocks by the frequencies that the ReLU looks at", columns, rows)
    return Result("s4-resnet", "A residual network in the frequency domain", intro, [table], notes, data)
