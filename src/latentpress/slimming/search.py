"""Channel search: one network learns to work at many widths, and the widths at which it works best are kept.

A once-for-all student (Li et al. 2020, GAN Compression, arXiv:2003.08936; Cai et al. 2020, arXiv:1908.09791): each
step draws how many channels every group has, of which those stay that rank highest and stand in for the others. Width
vectors that meet the arithmetic are then judged on calls that nothing learned from, with the weights as they are, and
bred from the best. Widths are drawn near those that structured pruning gives, all of the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from latentpress.slimming.channels import channel_groups
from latentpress.slimming.recording import Call
from latentpress.slimming.structured import LEAST, UNIT, Pruning, prune_channels, ranked
from latentpress.slimming.tuning import Changes, distance, tune
from latentpress.slimming.weights import StoredNetwork
from latentpress.training.data import step_generator
from latentpress.training.system import Say

__all__ = ["search_channels"]

_PARENTS = 6
_MOVED = 4  # units that go from one group to another in a child, at most
_JUDGED = 8  # calls that a candidate is judged on


def search_channels(
    network: StoredNetwork, learned: Sequence[Call], judged: Sequence[Call], strides: Mapping[str, float],
    factor: float, *, rounds: int, candidates: int, steps: int, rate: float, seed: int, say: Say,
) -> dict[str, float]:  # fmt: skip
    """Take channels out of a network, in place, until its multiply-accumulates are at most ``factor`` of what they are:
    those of the best of so many ``candidates``, after ``steps`` at drawn widths. The first one has the widths of
    ``rounds`` rounds of `prune_channels`. rate: as of `tune`.

    Returns how far the network is from the original, in dB, with the first widths and with those found. Raises
    InvalidInputError where no channels may go, or not so many.
    """
    pruning = ranked(network, learned, strides, seed)
    aim = factor * sum(pruning.macs.values())
    pruned = network.copy()
    for number in range(rounds):
        prune_channels(pruned, learned, strides, factor ** (1 / rounds), seed + number)
    left = [group.count for group in channel_groups(pruned)]
    first = tuple(plan.group.count - count for plan, count in zip(pruning.plans, left, strict=True))

    def drawn(step: int) -> Changes:
        _set(pruning, _child(pruning, [first], aim, step_generator(seed, step)))
        return _hidden(pruning)

    tune(network, learned, steps, rate=rate, seed=seed, say=say, changes=drawn)
    rng = np.random.default_rng(seed)
    found: dict[tuple[int, ...], float] = {}
    child = first
    for _ in range(candidates):
        _set(pruning, child)
        found[child] = distance(network, judged[:_JUDGED], _hidden(pruning))
        child = _child(pruning, sorted(found, key=found.__getitem__)[:_PARENTS], aim, rng)
    best = min(found, key=found.__getitem__)
    _set(pruning, best)
    pruning.cut()
    return {"decibels_of_first": round(found[first], 4), "decibels_of_best": round(found[best], 4)}


def _set(pruning: Pruning, gone: Sequence[int]) -> None:
    for plan, number in zip(pruning.plans, gone, strict=True):
        plan.gone = number


def _hidden(pruning: Pruning) -> Changes:
    """What makes layers blind for the channels that are to go, and lets the others stand in, as `Pruning.cut` does."""
    changes: dict[str, Callable[[Tensor], Tensor]] = {}
    for plan in pruning.plans:
        mixed = np.zeros((plan.group.count, plan.group.count), np.float32)
        mixed[:, plan.kept] = pruning.share(plan)
        for name, axis in plan.group.slices - plan.group.made:
            changes[name] = _after(changes.get(name), torch.from_numpy(mixed), axis)
    return changes


def _after(before: Callable[[Tensor], Tensor] | None, matrix: Tensor, axis: int) -> Callable[[Tensor], Tensor]:
    """An axis of a weight times a matrix, after what is done to it before."""

    def change(weight: Tensor) -> Tensor:
        weight = before(weight) if before else weight
        return (weight.transpose(axis, -1) @ matrix).transpose(axis, -1)

    return change


def _child(
    pruning: Pruning, parents: Sequence[tuple[int, ...]], aim: float, rng: np.random.Generator
) -> tuple[int, ...]:
    """Each group as in one of two parents, some units moved from one group to another, then units taken and given back
    at random until the arithmetic is as near to the aim as it can be.
    """
    one, other = (parents[number] for number in rng.integers(len(parents), size=2))
    most = [max(0, plan.group.count - LEAST) for plan in pruning.plans]
    genes = [pair[rng.integers(2)] for pair in zip(one, other, strict=True)]
    moved = UNIT * int(rng.integers(1, _MOVED + 1))
    for number, units in zip(rng.permutation(len(genes))[:2], (moved, -moved), strict=False):
        genes[number] = min(max(genes[number] + units, 0), most[number])
    _set(pruning, genes)
    for step in (UNIT, -UNIT):
        for number in rng.permutation(np.repeat(np.arange(len(most)), max(most) // UNIT + 1)):
            plan = pruning.plans[number]
            if step > 0 and pruning.left() <= aim:
                break
            before = plan.gone
            plan.gone = min(max(plan.gone + step, 0), most[number])
            if step < 0 and pruning.left() > aim:
                plan.gone = before
    return tuple(plan.gone for plan in pruning.plans)
