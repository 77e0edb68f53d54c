"""A slimmer network learns to give what the original gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.engine import TorchNetwork
from latentpress.slimming.activity import DIRECTIONS, drawn_calls, slopes
from latentpress.slimming.forms import Form, Free
from latentpress.slimming.recording import Call, batch_of
from latentpress.slimming.weights import SMALL, StoredNetwork
from latentpress.training.muon import Muon, point_wise
from latentpress.training.system import Say

__all__ = ["Changes", "Learning", "distance", "excess", "tune"]

Changes = Mapping[str, Callable[[Tensor], Tensor]]
"""What weights go through before a network runs with them, by name."""

_DECIBELS = 10 * math.log10(2)
_SAY_EVERY = 100
_WARM_UP = 20


class Learning(nn.Module):
    """A stored network as a torch module whose weights learn: ``run`` takes tensors by name. forms: what weights are
    held to, by name; the others, but for tiny ones, are free.
    """

    def __init__(self, network: StoredNetwork, forms: Mapping[str, Form] | None = None) -> None:
        super().__init__()
        self._network, self._graph = network, TorchNetwork(network.plain())
        self.forms: dict[str, Form] = {
            name: Free(array) for name, array in network.values.items() if array.size >= SMALL
        } | dict(forms or {})

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        """All that learns."""
        for form in self.forms.values():
            yield from form.parameters()

    def run(self, inputs: Mapping[str, Tensor], changes: Changes | None = None) -> dict[str, Tensor]:
        """Outputs by name."""
        weights = {name: form() for name, form in self.forms.items()}
        weights |= {name: change(weights[name]) for name, change in (changes or {}).items()}
        return self._graph.on_tensors(**weights, **inputs)

    def put_back(self) -> None:
        """Write the weights into the stored network."""
        with torch.no_grad():
            for name, form in self.forms.items():
                self._network.values[name] = form().numpy().astype(np.float32).copy()


def excess(made: Mapping[str, Tensor], wanted: Mapping[str, Tensor], noise: Tensor) -> Tensor:
    """log2 of the factor (B,) by which the distance to the original's outputs makes the error larger, which is
    ``noise`` already: 0.1 is 0.3 dB.
    """
    total = torch.zeros(len(noise))
    for name, one in wanted.items():
        total = total + torch.log2(1 + (made[name] - one).square().flatten(1).mean(1) / noise)
    return total


@torch.no_grad()
def distance(network: StoredNetwork, calls: Sequence[Call], changes: Changes | None = None) -> float:
    """Mean `excess` over calls, in dB."""
    learner = Learning(network)
    found = [
        excess(learner.run(inputs, changes), outputs, noise)
        for inputs, outputs, noise in (batch_of([one]) for one in calls)
    ]
    return float(torch.cat(found).mean()) * _DECIBELS


def tune(
    network: StoredNetwork,
    calls: Sequence[Call],
    steps: int,
    *,
    rate: float,
    seed: int,
    say: Say,
    forms: Mapping[str, Form] | None = None,
    changes: Callable[[int], Changes] | None = None,
) -> None:
    """Fine-tune a network in place: point-wise layers that are free by `Muon`, the rest by Adam. forms: see `Learning`;
    they have learnt when it is done. changes: of a step.

    rate: by how much a step of all numbers of a weight, each in a direction of its own, would change the outputs, in
    units of the noise that they have anyway; it falls to zero along a cosine. One number fits all weights then: those
    that say how far an output goes learn a thousand times slower than those deep inside.
    """
    if not steps:
        return
    learner = Learning(network, forms)
    reach = dict.fromkeys(learner.forms, 1e-12)
    for found in slopes(network, calls, seed):
        reach = {
            name: one + float(np.square(found[name]).mean(dtype=np.float64)) * found[name].size
            for name, one in reach.items()
        }
    groups: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for name, form in learner.forms.items():
        free = type(form) is Free and bool(point_wise(form))
        groups[free] += form.paces(rate / math.sqrt(reach[name] / DIRECTIONS))
    optimisers = [kind(groups[free]) for kind, free in ((Muon, True), (torch.optim.Adam, False)) if groups[free]]
    paced = [(group, group["lr"]) for one in optimisers for group in one.param_groups]
    weights = list(learner.parameters())
    sums: list[float] = []
    for step in range(steps):
        part = min(1, (step + 1) / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))
        inputs, outputs, noise = drawn_calls(calls, seed, step)
        loss = excess(learner.run(inputs, changes(step) if changes else None), outputs, noise).mean()
        learner.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(weights, 1.0)
        for group, top in paced:
            group["lr"] = top * part
        for optimiser in optimisers:
            optimiser.step()
        sums.append(float(loss.detach()))
        if (step + 1) % _SAY_EVERY == 0:
            say(f"step {step + 1} of {steps}: {np.mean(sums[-_SAY_EVERY:]) * _DECIBELS:.3f} dB from the original")
    learner.put_back()
