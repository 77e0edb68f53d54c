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

__all__ = ["LEAST", "UNIT", "Pruning", "prune_channels", "ranked"]

Double = NDArray[np.float64]

LEAST = 8
"""Channels that stay of a group."""

UNIT = 8
"""Channels that stay are a multiple of it: kernels are quick then."""

_DAMPING = 1e-4


@dataclass
class Plan:
    """In which order the channels of a group would go, what each costs when its turn comes, and how many are to go.
    reader: see `_only_reader`.
    """

    group: Channels
    order: list[int]
    costs: list[float]
    reader: str | None
    gone: int = 0

    @property
    def stays(self) -> int:
        """How many channels stay, in whole units."""
        left = self.group.count - self.gone
        return min(self.group.count, -(-left // UNIT) * UNIT)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which channels stay."""
        kept = np.ones(self.group.count, bool)
        kept[self.order[: self.group.count - self.stays]] = False
        return kept


@dataclass
class Pruning:
    """What may be taken out of a network. macs: multiply-accumulates by layer; plans: of all groups; seen: mean
    products of what the readers multiply, by weight.
    """

    network: StoredNetwork
    macs: Mapping[str, float]
    plans: Sequence[Plan]
    seen: Mapping[str, Double]

    def left(self) -> float:
        """Multiply-accumulates without what is to go."""
        parts = dict(self.macs)
        for plan in self.plans:
            for name in (*plan.group.reads, *plan.group.writes):
                if name in parts:
                    parts[name] *= plan.stays / plan.group.count
        return sum(parts.values())

    def choose(self, aim: float) -> None:
        """Let those go that cost least for each multiply-accumulate, until ``aim`` are left.

        Raises InvalidInputError if not so many can go.
        """
        queue = sorted(
            (cost / _macs_of(plan.group, self.macs), number, turn)
            for number, plan in enumerate(self.plans)
            for turn, cost in enumerate(np.maximum.accumulate(plan.costs))
        )
        for _, number, turn in queue:
            if self.left() <= aim:
                break
            if self.plans[number].group.count - turn > LEAST:
                self.plans[number].gone = turn + 1
        if self.left() > aim:
            part = aim / sum(self.macs.values())
            raise InvalidInputError(
                f"this network cannot be brought to {part:.0%} of its arithmetic by taking channels"
            )

    def share(self, plan: Plan) -> Double:
        """How the channels that stay (columns) stand in for all of a group (rows): by least squares if one layer alone
        reads them, and else for themselves.
        """
        kept = np.flatnonzero(plan.kept)
        if plan.reader is None or len(kept) == plan.group.count:
            return np.eye(plan.group.count)[:, kept]
        energy = self.seen[plan.reader]
        share: Double = np.asarray(np.linalg.solve(_damped(energy)[np.ix_(kept, kept)], energy[kept]).T, np.float64)
        return share

    def cut(self) -> None:
        """Take out what is to go; those that stay stand in for it."""
        for plan in self.plans:
            if plan.stays < plan.group.count:
                if plan.reader:
                    weight = self.network.values[plan.reader]
                    weight[:, plan.kept] = (weight[:, :, 0, 0] @ self.share(plan))[:, :, None, None]
                without_channels(self.network, plan.group, np.flatnonzero(plan.kept))


def ranked(network: StoredNetwork, calls: Sequence[Call], strides: Mapping[str, float], seed: int) -> Pruning:
    """Which channels of a network may go, in which order. calls: of the original.

    Raises InvalidInputError where none may.
    """
    groups = channel_groups(network)
    if not groups:
        raise InvalidInputError("this network has no channels that could be taken out")
    macs = {name: float(count) for name, count in layer_macs(network.plain(), strides).items()}
    gates, squares = _squares(network, groups, calls, seed)
    readers = [_only_reader(network, group) for group in groups]
    seen = energies(network, [one for one in readers if one], calls, seed)
    plans = []
    for group, costs, reader in zip(groups, gates, readers, strict=True):
        if reader:
            plans.append(
                Plan(group, *_order(network.values[reader][:, :, 0, 0], seen[reader], squares[reader]), reader)
            )
        else:
            order = np.argsort(costs)
            plans.append(Plan(group, order.tolist(), costs[order].tolist(), None))
    return Pruning(network, macs, plans, seen)


def prune_channels(
    network: StoredNetwork, calls: Sequence[Call], strides: Mapping[str, float], factor: float, seed: int
) -> None:
    """Take channels out of a network, in place, until its multiply-accumulates are at most ``factor`` of what they are.
    calls: of the original.

    Raises InvalidInputError where no channels may go, or not so many.
    """
    pruning = ranked(network, calls, strides, seed)
    pruning.choose(factor * sum(pruning.macs.values()))
    pruning.cut()


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
