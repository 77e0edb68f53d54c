"""Rates that a training aimed for, met by the files of its package.

A controller of the rate in a training (Mentzer et al. 2020) weighs estimates of crops at random rates, and pulls harder
from above than from below; whole files end below what was aimed for. A variable-rate network has the remedy: all that
depends on its rate stands in tables of anchors, so that each anchor can take the place of another rate. Files of
training pictures say which.
"""

from __future__ import annotations

import copy
import math
import statistics
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from latentpress.catalogue import system
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.parts.rate_table import move_rates
from latentpress.training.data import Pictures
from latentpress.training.system import Say

__all__ = ["calibrate", "rates_of_files"]

_ROUNDS = 3
_CLOSE = 0.01  # of the logarithm of the rate: what other pictures differ by is more
_BEYOND = 8.0  # rate indices before the first and after the last that an anchor may go to: nothing was trained there


def calibrate(
    net: nn.Module, aims: Mapping[int, float], build: Callable[[nn.Module], ModelPackage], sample: Pictures, say: Say
) -> tuple[ModelPackage, dict[str, Any]]:
    """Move the rates of a network, in place, so that files of ``sample`` have the bits a pixel of ``aims``, which are
    those of its anchors' rate indices. build: makes a package of a network, which it may round. Returns the last
    package, and for its card what was aimed for and met.
    """
    first, wanted = copy.deepcopy(net.state_dict()), np.log([aims[rate] for rate in sorted(aims)])
    indices = np.array(sorted(aims), np.float64)
    moved, found = indices.copy(), np.zeros(len(indices))
    for done in range(_ROUNDS):
        net.load_state_dict(first)
        move_rates(net, moved.tolist())
        package = build(net)
        found = np.log(rates_of_files(package, sorted(aims), sample))
        shown = (f"{bpp:.4f} for {aims[rate]:.4f}" for bpp, rate in zip(np.exp(found), sorted(aims), strict=True))
        say(f"rates, round {done + 1}: {', '.join(shown)}")
        if np.abs(found - wanted).max() < _CLOSE or done == _ROUNDS - 1:
            break
        slopes = np.gradient(found, moved).clip(math.log(1.01))
        moved = (moved + (wanted - found) / slopes).clip(indices[0] - _BEYOND, indices[-1] + _BEYOND)
        moved = np.maximum.accumulate(moved) + 1e-3 * np.arange(len(moved))  # never two at one place
    rates = [
        {"rate": int(rate), "aim_bpp": round(aims[int(rate)], 4), "bpp": round(float(bpp), 4), "moved_to": round(at, 2)}
        for rate, bpp, at in zip(indices, np.exp(found), moved.tolist(), strict=True)
    ]
    return package, {"pictures": len(sample), "anchors": rates}


def rates_of_files(package: ModelPackage, rates: list[int], sample: Pictures) -> NDArray[np.float64]:
    """Mean bits a pixel of whole files at rate indices, of pictures (H, W, 3) of 8 bits."""
    declared = system(package.codec)
    codec = declared.load(declared.codec)(model=str(package.folder), threads=1)
    last = codec.model.last_rate

    def mean(rate: int) -> float:
        sizes = ((len(codec.encode(Image(one), 100 * rate / last)), one) for one in sample)
        return statistics.fmean(8 * size / (one.shape[0] * one.shape[1]) for size, one in sizes)

    return np.array([mean(rate) for rate in rates])
