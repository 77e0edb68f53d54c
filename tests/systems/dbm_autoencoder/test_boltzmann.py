"""Boltzmann machines against their definition: every state of a tiny machine is summed over."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from latentpress.systems.dbm_autoencoder.boltzmann import Dbm, Rbm  # noqa: E402
from latentpress.systems.dbm_autoencoder.net import PatchAutoencoder, PatchAutoencoderConfig  # noqa: E402
from latentpress.systems.dbm_autoencoder.pretraining import model_step  # noqa: E402


def states(units: int) -> Tensor:
    """(2^units, units): every binary state."""
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=units)), dtype=torch.float64)


def rbm(gaussian: bool = False, **factors: float) -> Rbm:
    torch.manual_seed(3)
    machine = Rbm(4, 3, gaussian=gaussian, **factors).double()
    randomise(machine)
    return machine


def dbm(gaussian: bool = False, hidden: tuple[int, ...] = (3, 3, 2)) -> Dbm:
    torch.manual_seed(4)
    machine = Dbm(3, hidden, gaussian=gaussian).double()
    randomise(machine)
    return machine


def randomise(machine: torch.nn.Module) -> None:
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.normal_(std=0.8)


def hidden_states(machine: Dbm, visible: Tensor) -> list[Tensor]:
    """[v, h1, h2 ...]: one visible state with every hidden one."""
    sizes = [weight.shape[1] for weight in machine.weights]
    every = states(sum(sizes))
    return [visible.expand(len(every), -1), *every.split(sizes, dim=1)]


def every_state(machine: Dbm) -> list[Tensor]:
    """[v, h1, h2 ...]: every state of a machine with binary visible units."""
    sizes = [len(bias) for bias in machine.biases]
    return list(states(sum(sizes)).split(sizes, dim=1))


def log_likelihood(machine: Dbm, visible: Tensor) -> Tensor:
    """Exact log p(v) of one binary visible state."""
    log_z = torch.logsumexp(-machine.energy(every_state(machine)), 0)
    return torch.logsumexp(-machine.energy(hidden_states(machine, visible)), 0) - log_z


def rbm_log_z(machine: Rbm) -> Tensor:
    """Exact log Z. With Gaussian visible units the integral over them is known for each hidden state."""
    hidden = states(3)
    if not machine.gaussian:
        v, h = states(4).repeat_interleave(8, 0), hidden.repeat(16, 1)
        return torch.logsumexp(-machine.energy(v, h), 0)
    inputs = hidden @ machine.weight.T
    exponents = hidden @ machine.hidden_bias + inputs @ machine.visible_bias + 0.5 * inputs.square().sum(1)
    return torch.logsumexp(exponents, 0) + 0.5 * 4 * math.log(2 * math.pi)


def differences(function: Callable[[], Tensor], parameter: Tensor, step: float = 1e-5) -> Tensor:
    """The gradient by central differences."""
    result = torch.zeros_like(parameter)
    flat, out = parameter.data.view(-1), result.view(-1)
    for i in range(len(flat)):
        value = float(flat[i])
        flat[i] = value + step
        above = function().item()
        flat[i] = value - step
        out[i] = (above - function().item()) / (2 * step)
        flat[i] = value
    return result


@pytest.mark.parametrize("gaussian", [False, True])
def test_rbm_free_energy_sums_over_hidden_states(gaussian: bool) -> None:
    machine = rbm(gaussian)
    for visible in (torch.zeros(1, 4).double(), torch.tensor([[1.0, 0, 1, 1]]).double()):
        energies = machine.energy(visible.expand(8, -1), states(3))
        assert torch.allclose(machine.free_energy(visible), -torch.logsumexp(-energies, 0))


def test_binary_rbm_probabilities_sum_to_one() -> None:
    machine = rbm()
    assert math.isclose(torch.exp(-machine.free_energy(states(4)) - rbm_log_z(machine)).sum().item(), 1, rel_tol=1e-9)


def test_gaussian_rbm_density_integrates_to_one() -> None:
    """On a grid over two visible units."""
    torch.manual_seed(1)
    machine = Rbm(2, 2, gaussian=True).double()
    randomise(machine)
    hidden, axis = states(2), torch.linspace(-9, 9, 181).double()
    inputs = hidden @ machine.weight.T
    exponents = hidden @ machine.hidden_bias + inputs @ machine.visible_bias + 0.5 * inputs.square().sum(1)
    log_z = torch.logsumexp(exponents, 0) + math.log(2 * math.pi)
    total = torch.exp(-machine.free_energy(torch.cartesian_prod(axis, axis)) - log_z).sum() * 0.1**2
    assert math.isclose(total.item(), 1, rel_tol=1e-6)


@pytest.mark.parametrize("gaussian", [False, True])
def test_rbm_gradient_against_finite_differences(gaussian: bool) -> None:
    """The two phases, with the exact model distribution in place of samples."""
    machine = rbm(gaussian)
    visible = torch.tensor([[1.0, 0, 1, 0], [0.0, 1, 1, 1]]).double()
    if gaussian:  # the model's phase is an integral: that of log Z is taken in closed form
        loss = machine.energy(visible, machine.hidden(visible).detach()).mean() + rbm_log_z(machine)
    else:
        weights = torch.exp(-machine.free_energy(states(4)) - rbm_log_z(machine)).detach()
        model = machine.energy(states(4), machine.hidden(states(4)).detach())
        loss = machine.energy(visible, machine.hidden(visible).detach()).mean() - (weights * model).sum()
    loss.backward()

    def likelihood() -> Tensor:
        return (-machine.free_energy(visible) - rbm_log_z(machine)).mean()

    for parameter in machine.parameters():
        assert parameter.grad is not None
        assert torch.allclose(-parameter.grad, differences(likelihood, parameter), atol=1e-8)


def test_conditionals_follow_from_the_energy() -> None:
    machine = rbm()
    visible = torch.tensor([[1.0, 0, 1, 1]]).double()
    weights = torch.softmax(-machine.energy(visible.expand(8, -1), states(3)), 0)
    assert torch.allclose(machine.hidden(visible)[0], weights @ states(3))
    hidden = torch.tensor([[0.0, 1, 1]]).double()
    weights = torch.softmax(-machine.energy(states(4), hidden.expand(16, -1)), 0)
    assert torch.allclose(machine.visible(hidden)[0], weights @ states(4))


def test_doubled_input_is_that_of_two_copies() -> None:
    """An RBM that counts its visible units twice has the conditionals of one with two visible layers and tied
    weights."""
    machine = rbm(up=2.0)
    visible = torch.tensor([[1.0, 0, 1, 1]]).double()
    twice = Rbm(8, 3).double()
    with torch.no_grad():
        twice.weight.copy_(torch.cat([machine.weight, machine.weight]))
        twice.visible_bias.copy_(torch.cat([machine.visible_bias, machine.visible_bias]))
        twice.hidden_bias.copy_(machine.hidden_bias)
    assert torch.allclose(machine.hidden(visible), twice.hidden(torch.cat([visible, visible], 1)))
    hidden = torch.tensor([[0.0, 1, 1]]).double()
    assert torch.allclose(machine.visible(hidden).repeat(1, 2), twice.visible(hidden))


def test_dbm_layers_follow_from_the_energy() -> None:
    """Each layer given its neighbours, against all states with these neighbours."""
    machine, everything = dbm(), every_state(dbm())
    given = [torch.tensor([row]).double() for row in ([1.0, 0, 1], [0.0, 1, 1], [1.0, 0, 1], [1.0, 0])]
    weights = torch.exp(-machine.energy(everything))
    for number in range(4):
        match = torch.ones(len(weights), dtype=torch.bool)
        for other, (state, all_states) in enumerate(zip(given, everything, strict=True)):
            if other != number:
                match &= (all_states == state).all(1)
        exact = (weights[match, None] * everything[number][match]).sum(0) / weights[match].sum()
        assert torch.allclose(machine.layer(given, number)[0], exact)


def test_dbm_gradient_against_finite_differences() -> None:
    machine = dbm()
    visible = torch.tensor([[1.0, 0, 1]]).double()
    posterior, everything = hidden_states(machine, visible), every_state(machine)
    with torch.no_grad():
        data = torch.softmax(-machine.energy(posterior), 0)
        model = torch.softmax(-machine.energy(everything), 0)
    # Means of energies over many states each with its own weight: what `model_step` does with samples.
    loss = (data * machine.energy(posterior)).sum() - (model * machine.energy(everything)).sum()
    loss.backward()
    for parameter in machine.parameters():
        assert parameter.grad is not None
        exact = differences(lambda: log_likelihood(machine, visible), parameter)
        assert torch.allclose(-parameter.grad, exact, atol=1e-8)


def test_model_step_of_samples_nears_the_exact_gradient() -> None:
    machine = dbm()
    visible = torch.tensor([[1.0, 0, 1]]).double()
    posterior, everything = hidden_states(machine, visible), every_state(machine)
    generator = torch.Generator().manual_seed(0)
    drawn = []
    for group in (posterior, everything):
        weights = torch.softmax(-machine.energy(group), 0).detach()
        rows = torch.multinomial(weights, 200_000, replacement=True, generator=generator)
        drawn.append([layer[rows] for layer in group])
    model_step(machine, *drawn).backward()
    gradient = machine.weights[0].grad
    assert gradient is not None
    exact = differences(lambda: log_likelihood(machine, visible), machine.weights[0])
    assert torch.allclose(-gradient, exact, atol=0.01)


@pytest.mark.parametrize("hidden", [(3, 2), (3, 3, 2)])
def test_mean_field_bound_rises_and_stays_below_the_likelihood(hidden: tuple[int, ...]) -> None:
    machine = dbm(hidden=hidden)
    visible = states(3)
    log_z = torch.logsumexp(-machine.energy(every_state(machine)), 0)
    exact = torch.stack([log_likelihood(machine, row[None]) for row in visible])
    current = machine.recognise(visible)
    bounds = [machine.lower_bound(current)]
    for _ in range(40):
        current = machine.mean_field_round(current)
        bounds.append(machine.lower_bound(current))
    rises = torch.stack(bounds).diff(dim=0)
    assert (rises >= -1e-12).all()
    assert (rises[0] > 1e-3).any()  # the first guess is not the answer
    assert rises[-1].max() < 1e-9  # converged
    assert (bounds[-1] - log_z <= exact).all()
    assert (exact - bounds[-1] + log_z).max() < 0.5  # and near, at these weights
    settled = machine.mean_field(visible, rounds=100, tolerance=1e-10)
    assert torch.allclose(machine.lower_bound(settled), bounds[-1], atol=1e-6)


def test_gibbs_sampling_has_the_machine_s_distribution() -> None:
    machine = dbm().float()
    generator = torch.Generator().manual_seed(1)
    chains = [torch.bernoulli(torch.full((4000, len(bias)), 0.5), generator=generator) for bias in machine.biases]
    total = torch.zeros(3)
    for sweep in range(60):
        chains = machine.gibbs(chains, generator)
        if sweep >= 20:
            total += chains[0].mean(0)
    exact_machine = dbm()
    everything = every_state(exact_machine)
    weights = torch.softmax(-exact_machine.energy(everything), 0)
    exact = (weights[:, None] * everything[0]).sum(0)
    assert torch.allclose(total.double() / 40, exact, atol=0.01)


def test_a_machine_needs_two_hidden_layers() -> None:
    with pytest.raises(ValueError, match="two hidden"):
        Dbm(3, (2,))


def test_unrolled_weights() -> None:
    """The encoder is the recognition pass, and the decoder has the same weights turned round."""
    torch.manual_seed(0)
    config = PatchAutoencoderConfig(patch=2, first=6, second=5, code=3)
    machine = Dbm(4, config.hidden, gaussian=True)
    randomise(machine)
    net = PatchAutoencoder.unroll(machine, config, unit=0.05)
    pixels = torch.randint(0, 256, (10, 4)).float()
    visible = (pixels - net.means(pixels)) * 0.05
    assert torch.allclose(net.encode(pixels), machine.recognise(visible)[3], atol=1e-6)
    for number, (up, down) in enumerate(zip(net.encoder, reversed(net.decoder), strict=True)):
        assert torch.allclose(up.weight.T / (1 if number == 2 else 2), down.weight / (1 if number == 0 else 2))
    code = torch.rand(10, 3)
    second = torch.sigmoid(2 * code @ machine.weights[2].T + machine.biases[2])
    first = torch.sigmoid(2 * second @ machine.weights[1].T + machine.biases[1])
    expected = (first @ machine.weights[0].T + machine.biases[0]) / 0.05 + net.means(pixels)
    assert torch.allclose(net.decode(code, net.means(pixels)), expected, atol=1e-3)
