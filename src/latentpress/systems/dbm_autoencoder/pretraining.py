"""Pre-training of a deep Boltzmann machine: its layers as RBMs one by one, then all together (Salakhutdinov and Hinton
2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentpress.errors import InvalidInputError
from latentpress.systems.dbm_autoencoder.boltzmann import Dbm, Rbm
from latentpress.training.schedule import setting

__all__ = ["Pretraining", "compose", "model_step", "pretrain", "train_machine", "train_rbm", "train_stack"]

_CLIP = 10.0  # gradient norm; chains that run away for a moment would throw the weights after them


@dataclass(frozen=True)
class Pretraining:
    """How the machine is trained before it is unrolled: the recipe's section ``[pretraining]``.

    ``rbm_steps``: updates of each of the three RBMs; ``dbm_steps``: of all layers together. Without ``rbm_steps`` the
    autoencoder starts from random weights, without ``dbm_steps`` from the RBMs as composed. ``batch`` patches an
    update. ``visible_std``: standard deviation of the visible units over the patches; their noise has 1.
    ``gaussian_rate``, ``binary_rate``, ``dbm_rate``: learning rates of the RBM with real visible units, of the others,
    and of the whole machine, each falling linearly to zero. ``persistent``: the RBMs' negative phase goes on from its
    last states (PCD) and does not start at the data (CD-1). ``chains``: of the negative phase of the whole machine,
    and of PCD; ``sweeps``: of Gibbs sampling an update. ``mean_field``: rounds at most an update. ``momentum`` and
    ``decay`` (of weights) hold for all.
    """

    rbm_steps: int = setting(2000, at_least=0)
    dbm_steps: int = setting(1000, at_least=0)
    batch: int = setting(100, at_least=1)
    visible_std: float = setting(2.0, at_least=1e-6)
    gaussian_rate: float = 0.002
    binary_rate: float = 0.05
    dbm_rate: float = 0.001
    persistent: bool = False
    chains: int = setting(100, at_least=1)
    sweeps: int = 5
    mean_field: int = setting(10, at_least=1)
    momentum: float = 0.9
    decay: float = 2e-4

    def __post_init__(self) -> None:
        if self.dbm_steps and not self.rbm_steps:
            raise InvalidInputError("recipe: pretraining.dbm_steps need pretraining.rbm_steps")


def pretrain(data: Tensor, hidden: Sequence[int], plan: Pretraining, seed: int) -> Dbm:
    """A machine with real visible units for data (N, visible), trained as planned."""
    generator = torch.Generator().manual_seed(seed)
    machine = compose(train_stack(data, hidden, plan, generator))
    train_machine(machine, data, plan, generator)
    return machine


def train_stack(data: Tensor, hidden: Sequence[int], plan: Pretraining, generator: torch.Generator) -> list[Rbm]:
    """One RBM for each pair of layers, each on the hidden means of the one below.

    The lowest counts its visible units twice, the highest its hidden ones (`Rbm.up`, `Rbm.down`); those between are
    plain, and lose half of their weights in `compose`.
    """
    stack: list[Rbm] = []
    last = len(hidden) - 1
    for number, size in enumerate(hidden):
        gaussian = number == 0
        up, down = 2.0 if number == 0 else 1.0, 2.0 if number == last else 1.0
        rbm = Rbm(data.shape[1], size, gaussian=gaussian, up=up, down=down)
        train_rbm(rbm, data, plan, plan.gaussian_rate if gaussian else plan.binary_rate, generator)
        stack.append(rbm)
        with torch.no_grad():
            data = rbm.hidden(data)
    return stack


def train_rbm(rbm: Rbm, data: Tensor, plan: Pretraining, rate: float, generator: torch.Generator) -> None:
    """Contrastive divergence (Hinton 2002) of one step, or persistent (Tieleman 2008)."""
    optimiser = torch.optim.SGD(rbm.parameters(), lr=rate, momentum=plan.momentum)
    chains = torch.bernoulli(torch.full((plan.chains, rbm.weight.shape[1]), 0.5), generator=generator)
    for step in range(plan.rbm_steps):
        visible = data[torch.randint(len(data), (plan.batch,), generator=generator)]
        with torch.no_grad():
            hidden = rbm.hidden(visible)
            start = chains if plan.persistent else torch.bernoulli(hidden, generator=generator)
            dreamt = rbm.sample_visible(start, generator)
            answer = rbm.hidden(dreamt)
            chains = torch.bernoulli(answer, generator=generator)
        loss = rbm.energy(visible, hidden).mean() - rbm.energy(dreamt, answer).mean()
        _descend(optimiser, loss + _shrink([rbm.weight], plan), rate * (1 - step / plan.rbm_steps))


def compose(stack: Sequence[Rbm]) -> Dbm:
    """The machine of a stack. Layers between the lowest and the highest would get the input of two RBMs that each did
    without the other, so the weights of the RBMs between are halved; the lowest and the highest were trained for it.
    A layer's bias is the mean of its two.
    """
    machine = Dbm(stack[0].weight.shape[0], [rbm.weight.shape[1] for rbm in stack], gaussian=stack[0].gaussian)
    last = len(stack) - 1
    with torch.no_grad():
        for number, rbm in enumerate(stack):
            machine.weights[number].copy_(rbm.weight * (1.0 if number in (0, last) else 0.5))
        machine.biases[0].copy_(stack[0].visible_bias)
        for number in range(1, last + 1):
            machine.biases[number].copy_((stack[number - 1].hidden_bias + stack[number].visible_bias) / 2)
        machine.biases[last + 1].copy_(stack[last].hidden_bias)
    return machine


def train_machine(machine: Dbm, data: Tensor, plan: Pretraining, generator: torch.Generator) -> None:
    """All layers together: mean field where the data hold the visible units, persistent chains where nothing does."""
    optimiser = torch.optim.SGD(machine.parameters(), lr=plan.dbm_rate, momentum=plan.momentum)
    with torch.no_grad():
        seeds = data[torch.randint(len(data), (plan.chains,), generator=generator)]
        chains = machine.recognise(seeds)
        for number in range(2, len(chains), 2):  # what the first half of a sweep looks at
            chains[number] = torch.bernoulli(chains[number], generator=generator)
    for step in range(plan.dbm_steps):
        visible = data[torch.randint(len(data), (plan.batch,), generator=generator)]
        with torch.no_grad():
            positive = machine.mean_field(visible, plan.mean_field)
            for _ in range(plan.sweeps):
                chains = machine.gibbs(chains, generator)
        loss = model_step(machine, positive, chains) + _shrink(list(machine.weights), plan)
        _descend(optimiser, loss, plan.dbm_rate * (1 - step / plan.dbm_steps))


def model_step(machine: Dbm, positive: Sequence[Tensor], negative: Sequence[Tensor]) -> Tensor:
    """What has the gradient of -log p(v): mean energy of states that go with the data, less that of the machine's own
    states. Exact where both are drawn from their distributions; with mean field it is that of the lower bound."""
    return machine.energy(positive).mean() - machine.energy(negative).mean()


def _shrink(weights: Sequence[Tensor], plan: Pretraining) -> Tensor:
    return 0.5 * plan.decay * torch.stack([weight.square().sum() for weight in weights]).sum()


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], _CLIP)
    optimiser.step()
