"""Structured pruning: whole channels go, so that what is left runs quicker on any machine.

What a channel's absence would change of the outputs is estimated to second order, in units of the noise that they have
anyway: by the squared slope of all outputs along a gate on the channel (the diagonal of the Gauss-Newton matrix, drawn
with random directions; Molchanov et al. 2019, arXiv:1906.10771, score the slope of a loss, which for a network beside
itself is zero). Where one point-wise layer reads the channels, what the others can say in a channel's place is taken
off: they are taken away one after the other, each time the one that costs least once the layer is fitted anew (Hassibi
and Stork 1993, and for channels Kurtic et al. 2023, ZipLM, arXiv:2302.04089). All groups share one queue by what a
channel costs for each multiply-accumulate that it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError
from latentpress.slimming.activity import energies, slopes
from latentpress.slimming.channels import Channels, channel_groups, without_channels
from latentpress.slimming.recording import Call
from latentpress.slimming.weights import StoredNetwork
from latentpress.training.complexity import layer_macs

__all__ = ["prune_channels"]

Double = NDArray[np.float64]

_LEAST = 8  # channels that stay of a group
_UNIT = 8  # channels that stay are a multiple of it: kernels are quick then
_DAMPING = 1e-4


@dataclass
class _Plan:
    """In which order the channels of a group would go, and what each costs when its turn comes."""

    group: Channels
    order: list[int]
    costs: list[float]
    gone: int = 0

    @property
    def part(self) -> float:
        """How much of the group stays, in whole units."""
        stays = self.group.count - self.gone
        return min(1.0, -(-stays // _UNIT) * _UNIT / self.group.count)


def prune_channels(
    network: StoredNetwork, calls: Sequence[Call], strides: Mapping[str, float], factor: float, seed: int
) -> None:
    """Take channels out of a network, in place, until its multiply-accumulates are at most ``factor`` of what they are.
    calls: of the original.

    Raises InvalidInputError where no channels may go, or not so many.
    """
    groups = channel_groups(network)
    if not groups:
        raise InvalidInputError("this network has no channels that could be taken out")
    macs = {name: float(count) for name, count in layer_macs(network.plain(), strides).items()}
    aim = factor * sum(macs.values())
    gates, squares = _squares(network, groups, calls, seed)
    readers = {id(group): _only_reader(network, group) for group in groups}
    seen = energies(network, [one for one in readers.values() if one], calls, seed)
    plans = []
    for group, costs in zip(groups, gates, strict=True):
        reader = readers[id(group)]
        if reader:
            found = _order(network.values[reader][:, :, 0, 0], seen[reader], squares[reader])
            plans.append(_Plan(group, *found))
        else:
            order = np.argsort(costs)
            plans.append(_Plan(group, order.tolist(), costs[order].tolist()))
    queue = sorted(
        (cost / _macs_of(plan.group, macs), number, turn)
        for number, plan in enumerate(plans)
        for turn, cost in enumerate(np.maximum.accumulate(plan.costs))
    )
    for _, number, turn in queue:
        if _left(plans, macs) <= aim:
            break
        if plans[number].group.count - turn > _LEAST:
            plans[number].gone = turn + 1
    if _left(plans, macs) > aim:
        raise InvalidInputError(f"this network cannot be brought to {factor:.0%} of its arithmetic by taking channels")
    for plan in plans:
        stays = np.ones(plan.group.count, bool)
        stays[plan.order[: plan.group.count - round(plan.part * plan.group.count)]] = False
        if not stays.all():
            reader = readers[id(plan.group)]
            if reader:
                _fit(network.values[reader], seen[reader], np.flatnonzero(stays))
            without_channels(network, plan.group, np.flatnonzero(stays))


def _squares(
    network: StoredNetwork, groups: Sequence[Channels], calls: Sequence[Call], seed: int
) -> tuple[list[Double], dict[str, Double]]:
    """Mean squared slopes along a gate on each channel, by group, and along each weight, by name."""
    gates = [np.zeros(group.count) for group in groups]
    weights: dict[str, Double] = {}
    for found in slopes(network, calls, seed):
        for name, slope in found.items():
            weights[name] = weights.get(name, 0) + np.square(slope)
        for group, total in zip(groups, gates, strict=True):
            gate = np.zeros(group.count)
            for name, axis in group.slices - group.made:
                product = found[name] * network.values[name]
                gate += product.sum(tuple(other for other in range(product.ndim) if other != axis))
            total += np.square(gate)
    return gates, weights


def _order(weight: NDArray[np.float32], energy: Double, slopes: Double) -> tuple[list[int], list[float]]:
    """The order in which the inputs of a layer ``weight`` (out, in) go, and what each costs after those before it, when
    the layer is fitted anew each time. energy (in, in): mean products of the inputs; slopes: squared, of the weights.
    """
    # Slopes factor into one of the layer's outputs and the energy of its inputs (Martens and Grosse 2015, K-FAC).
    outputs = (slopes[..., 0, 0] / np.maximum(energy.diagonal(), 1e-12)).mean(1)
    left = weight.astype(np.float64)
    inverse = np.linalg.inv(_damped(energy))
    stays = np.ones(len(energy), bool)
    order, costs = [], []
    for _ in range(len(energy)):
        cost = np.where(stays, outputs @ np.square(left) / inverse.diagonal(), np.inf)
        one = int(np.argmin(cost))
        order.append(one)
        costs.append(float(cost[one]))
        column = inverse[:, one] / inverse[one, one]
        left -= np.outer(left[:, one], column)
        inverse -= np.outer(column, inverse[one])
        stays[one] = False
        inverse[one, one] = 1.0
    return order, costs


def _fit(weight: NDArray[np.float32], energy: Double, kept: NDArray[np.intp]) -> None:
    """Let the kept inputs of a point-wise layer (out, in, 1, 1) stand for all of them, by least squares, in place."""
    share = np.linalg.solve(_damped(energy)[np.ix_(kept, kept)], energy[kept])
    weight[:, kept] = (weight[:, :, 0, 0] @ share.T)[:, :, None, None]


def _damped(energy: Double) -> Double:
    damped: Double = energy + _DAMPING * np.trace(energy) / len(energy) * np.eye(len(energy))
    return damped


def _only_reader(network: StoredNetwork, group: Channels) -> str | None:
    """The weight of the point-wise convolution that alone reads a group's channels, as they are; None if there
    is no such one.
    """
    if len(group.reads) != 1 or len(group.slices - group.made) != 1:
        return None
    node = next(one for one in network.model.graph.node if one.output[0] == group.reads[0])
    weight = network.values[node.input[1]]
    if node.op_type != "Conv" or weight.shape[2:] != (1, 1) or len(network.uses(node.input[0])) != 1:
        return None
    return str(node.input[1])


def _macs_of(group: Channels, macs: Mapping[str, float]) -> float:
    """Multiply-accumulates that a channel takes."""
    return sum(macs.get(name, 0.0) for name in (*group.reads, *group.writes)) / group.count + 1e-9


def _left(plans: Sequence[_Plan], macs: Mapping[str, float]) -> float:
    """Multiply-accumulates without what is gone."""
    parts = dict(macs)
    for plan in plans:
        for name in (*plan.group.reads, *plan.group.writes):
            if name in parts:
                parts[name] *= plan.part
    return sum(parts.values())
