"""Boltzmann machines in torch: restricted and deep (Smolensky 1986; Salakhutdinov and Hinton 2009), with visible units
that are real or binary and binary hidden ones.

Biases and weights are summed into an energy E, and states have the probability exp(-E) / Z. Everything that training
needs is a difference of energies, whose gradient torch takes.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["Dbm", "Rbm"]

_START = 0.01  # standard deviation of weights


class Rbm(nn.Module):
    """A restricted Boltzmann machine: ``Rbm(64, 256, gaussian=True)``.

    E(v, h) = |v - b|^2 / 2 - v'W h - c'h for ``gaussian`` visible units (of unit variance given h), else
    E(v, h) = -b'v - v'W h - c'h.

    ``up`` and ``down`` multiply the input that hidden units get from visible ones, and the other way round. They are 1
    in an RBM by itself, and 2 where it is trained as the lowest (``up``) or highest (``down``) pair of layers of a
    deep machine, to stand for the input from the layer that is not there yet.
    """

    def __init__(
        self, visible: int, hidden: int, *, gaussian: bool = False, up: float = 1.0, down: float = 1.0
    ) -> None:
        super().__init__()
        self.gaussian, self.up, self.down = gaussian, up, down
        self.weight = nn.Parameter(_START * torch.randn(visible, hidden))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))

    def hidden(self, visible: Tensor) -> Tensor:
        """(B, hidden) probabilities of 1 given visible states."""
        return torch.sigmoid(self.up * (visible @ self.weight) + self.hidden_bias)

    def visible(self, hidden: Tensor) -> Tensor:
        """(B, visible) means given hidden states: of a normal distribution of variance 1, or probabilities of 1."""
        total = self.down * (hidden @ self.weight.T) + self.visible_bias
        return total if self.gaussian else torch.sigmoid(total)

    def sample_visible(self, hidden: Tensor, generator: torch.Generator) -> Tensor:
        """A draw of visible states given hidden ones."""
        return _draw(self.visible(hidden), self.gaussian, generator)

    def energy(self, visible: Tensor, hidden: Tensor) -> Tensor:
        """(B,) energies of pairs of states, at ``up`` and ``down`` of 1. Linear in hidden units: probabilities give the
        mean energy."""
        pair = ((visible @ self.weight) * hidden).sum(1)
        return _visible_energy(visible, self.visible_bias, self.gaussian) - pair - hidden @ self.hidden_bias

    def free_energy(self, visible: Tensor) -> Tensor:
        """(B,) F(v) with p(v) = exp(-F(v)) / Z: hidden units summed out, at ``up`` and ``down`` of 1."""
        inputs = visible @ self.weight + self.hidden_bias
        return _visible_energy(visible, self.visible_bias, self.gaussian) - nn.functional.softplus(inputs).sum(1)


class Dbm(nn.Module):
    """A deep Boltzmann machine: ``Dbm(64, (256, 128, 32), gaussian=True)``, two hidden layers or more.

    E(v, h1, h2 ...) = E(v) - v'W1 h1 - h1'W2 h2 - ... - c1'h1 - c2'h2 - ..., with E(v) as in `Rbm`. Layers of even and
    of odd number are independent given the others, so every sweep goes over the ones, then over the others.
    """

    def __init__(self, visible: int, hidden: Sequence[int], *, gaussian: bool = False) -> None:
        super().__init__()
        if len(hidden) < 2:
            raise ValueError("a deep Boltzmann machine has at least two hidden layers")
        self.gaussian = gaussian
        sizes = (visible, *hidden)
        pairs = zip(sizes, hidden, strict=False)
        self.weights = nn.ParameterList([nn.Parameter(_START * torch.randn(a, b)) for a, b in pairs])
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(size)) for size in sizes])

    def energy(self, states: Sequence[Tensor]) -> Tensor:
        """(B,) energies of states [v, h1, h2 ...]. Linear in each hidden unit: means of independent units give the mean
        energy."""
        total = _visible_energy(states[0], self.biases[0], self.gaussian)
        for below, above, weight, bias in zip(states, states[1:], self.weights, list(self.biases)[1:], strict=False):
            total = total - ((below @ weight) * above).sum(1) - above @ bias
        return total

    def layer(self, states: Sequence[Tensor], number: int, *, up: float = 1.0, down: float = 1.0) -> Tensor:
        """Means of layer ``number`` (0: visible) given its neighbours; ``up`` and ``down`` multiply the input from
        below and from above, and 0 leaves it out."""
        total: Tensor = self.biases[number]
        if number > 0 and up:
            total = total + up * (states[number - 1] @ self.weights[number - 1])
        if number < len(self.weights) and down:
            total = total + down * (states[number + 1] @ self.weights[number].T)
        return total if number == 0 and self.gaussian else torch.sigmoid(total)

    def recognise(self, visible: Tensor) -> list[Tensor]:
        """First guess [v, m1, m2 ...] of the hidden means: one pass upwards, in which input is doubled where that from
        above is missing, that is everywhere but in the highest layer."""
        states = [visible]
        last = len(self.weights)
        for number in range(1, last + 1):
            states.append(self.layer(states, number, up=1.0 if number == last else 2.0, down=0.0))
        return states

    def mean_field(self, visible: Tensor, rounds: int = 30, tolerance: float = 1e-4) -> list[Tensor]:
        """[v, m1, m2 ...]: the factorised distribution of hidden units nearest to the posterior, by rounds of
        coordinate ascent on `lower_bound`, each at least as good as the last. Ends after ``rounds``, or once no mean
        moves by more than ``tolerance``.
        """
        states = self.recognise(visible)
        for _ in range(rounds):
            before = states[1:]
            states = self.mean_field_round(states)
            moves = [(a - b).detach().abs().max() for a, b in zip(before, states[1:], strict=True)]
            if float(torch.stack(moves).max()) <= tolerance:
                break
        return states

    def mean_field_round(self, states: Sequence[Tensor]) -> list[Tensor]:
        """One round: hidden layers of odd number, then those of even number."""
        states = list(states)
        for first in (1, 2):
            for number in range(first, len(states), 2):
                states[number] = self.layer(states, number)
        return states

    def lower_bound(self, states: Sequence[Tensor]) -> Tensor:
        """(B,) log p(v) + log Z >= -E(v, means) + entropy of the means: what `mean_field` raises."""
        total = -self.energy(states)
        for means in states[1:]:
            total = total - torch.xlogy(means, means).sum(1) - torch.xlogy(1 - means, 1 - means).sum(1)
        return total

    def gibbs(self, states: Sequence[Tensor], generator: torch.Generator) -> list[Tensor]:
        """One sweep of Gibbs sampling: layers of odd number given the rest, then those of even number."""
        states = list(states)
        for first in (1, 0):
            for number in range(first, len(states), 2):
                states[number] = _draw(self.layer(states, number), number == 0 and self.gaussian, generator)
        return states


def _visible_energy(visible: Tensor, bias: Tensor, gaussian: bool) -> Tensor:
    return 0.5 * (visible - bias).square().sum(1) if gaussian else -(visible @ bias)


def _draw(means: Tensor, gaussian: bool, generator: torch.Generator) -> Tensor:
    """States drawn from means: normal of variance 1, or binary."""
    if gaussian:
        return means + torch.randn(means.shape, generator=generator)
    return torch.bernoulli(means, generator=generator)
