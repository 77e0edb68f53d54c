"""Pre-training, the run and the patch coder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from latentpress.errors import CorruptFileError, InvalidInputError, LimitError, UnsupportedError  # noqa: E402
from latentpress.systems.dbm_autoencoder.boltzmann import Dbm, Rbm  # noqa: E402
from latentpress.systems.dbm_autoencoder.net import PatchAutoencoder, PatchAutoencoderConfig  # noqa: E402
from latentpress.systems.dbm_autoencoder.patch_codec import PatchCodec  # noqa: E402
from latentpress.systems.dbm_autoencoder.patches import collect, join, luma_of, split  # noqa: E402
from latentpress.systems.dbm_autoencoder.pretraining import Pretraining, compose, pretrain, train_rbm  # noqa: E402
from latentpress.systems.dbm_autoencoder.training import PatchTraining  # noqa: E402
from latentpress.training.export import export  # noqa: E402
from latentpress.training.plan import Plan  # noqa: E402
from latentpress.training.run import train  # noqa: E402

VALUES: dict[str, Any] = {
    "codec": "dbm-autoencoder",
    "model": {"patch": 4, "first": 12, "second": 8, "code": 5, "levels": 4},
    "pretraining": {"rbm_steps": 6, "dbm_steps": 4, "batch": 20, "chains": 10, "sweeps": 1, "mean_field": 3},
    "schedule": {"steps": 6, "batch": 16, "patches": 300, "validate_every": 3},
}


@pytest.fixture(scope="module")
def recipe() -> Plan:
    return Plan.from_dict(VALUES)


def bars(count: int) -> torch.Tensor:
    """4x4 patterns of whole rows, each there or not: 16 states with much in common."""
    rows = (torch.rand(count, 4, 1, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    return rows.expand(count, 4, 4).reshape(count, 16)


@pytest.mark.parametrize("persistent", [False, True])
def test_an_rbm_learns_what_states_there_are(persistent: bool) -> None:
    torch.manual_seed(0)
    data, rbm = bars(500), Rbm(16, 8)
    plan = Pretraining(rbm_steps=800, batch=50, persistent=persistent, chains=50)
    other = data.roll(1, dims=1)[:, torch.randperm(16, generator=torch.Generator().manual_seed(1))]

    def preference() -> float:
        with torch.no_grad():
            return float((rbm.free_energy(other) - rbm.free_energy(data)).mean())

    before = preference()
    train_rbm(rbm, data, plan, 0.05, torch.Generator().manual_seed(0))
    assert preference() > before + 3
    with torch.no_grad():
        assert float((rbm.visible(rbm.hidden(data)) - data).abs().mean()) < 0.2


def test_composition_halves_the_weights_between() -> None:
    stack = [Rbm(4, 5, gaussian=True, up=2.0), Rbm(5, 6), Rbm(6, 3, down=2.0)]
    with torch.no_grad():
        for rbm in stack:
            rbm.visible_bias.uniform_()
            rbm.hidden_bias.uniform_()
    machine = compose(stack)
    assert machine.gaussian
    for number, factor in enumerate((1.0, 0.5, 1.0)):
        assert torch.equal(machine.weights[number], stack[number].weight * factor)
    assert torch.equal(machine.biases[0], stack[0].visible_bias)
    assert torch.allclose(machine.biases[1], (stack[0].hidden_bias + stack[1].visible_bias) / 2)
    assert torch.equal(machine.biases[3], stack[2].hidden_bias)


def test_joint_training_moves_the_whole_machine_and_depends_on_the_seed_alone() -> None:
    data = 2 * bars(200) - 1
    plan = Pretraining(rbm_steps=30, dbm_steps=20, batch=20, chains=10)

    def machine(steps: int, seed: int) -> Dbm:
        torch.manual_seed(seed)
        return pretrain(data, (8, 6, 4), replace(plan, dbm_steps=steps), seed)

    alone, jointly, again, other = machine(0, 1), machine(20, 1), machine(20, 1), machine(20, 2)
    for a, b, c, d in zip(
        alone.parameters(), jointly.parameters(), again.parameters(), other.parameters(), strict=True
    ):
        assert torch.isfinite(b).all()
        assert not torch.equal(a, b)
        assert torch.equal(b, c)
        assert not torch.equal(b, d)


def test_patches_come_back() -> None:
    luma = np.random.default_rng(0).integers(0, 256, (13, 22)).astype(np.uint8)
    patches = split(luma, 4)
    assert patches.shape == (4 * 6, 16)
    assert np.array_equal(patches[0].reshape(4, 4), luma[:4, :4])
    assert np.array_equal(join(patches, 13, 22, 4), luma)


def test_collected_patches_are_of_all_pictures() -> None:
    pictures = [np.full((70, 80, 3), value, np.uint8) for value in (10, 100, 200)]
    patches = collect(pictures, 4, 10, 0)
    assert patches.shape == (10, 16)
    assert np.array_equal(np.unique(patches, return_counts=True)[1] // 16, [3, 3, 4])
    assert luma_of(pictures[0]).shape == (70, 80)


def test_starts_differ_in_nothing_but_the_weights(recipe: Plan) -> None:
    patches = np.random.default_rng(0).integers(0, 256, (300, 16)).astype(np.uint8)
    none = replace(recipe.more["pretraining"], rbm_steps=0, dbm_steps=0)
    random = replace(recipe, more={"pretraining": none})
    small = replace(random, schedule=replace(random.schedule, start_gain=1.0))
    machine, large, plain = (PatchTraining(plan).network(patches) for plan in (recipe, random, small))
    assert float(machine.unit) == float(large.unit) > 0
    assert torch.allclose(large.encoder[0].weight, 4 * plain.encoder[0].weight)
    assert torch.equal(large.decoder[-1].weight, plain.decoder[-1].weight)
    assert torch.equal(PatchTraining(recipe).network(patches).encoder[1].weight, machine.encoder[1].weight)


def test_it_makes_no_package(recipe: Plan, folder: Path, tmp_path: Path) -> None:
    run = train(recipe, folder, run=tmp_path / "run", max_steps=1, report=lambda _: None)
    with pytest.raises(UnsupportedError, match="makes no model package"):
        export(run, tmp_path / "package", name="x", data=folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"code": 256}}, "model.code must be at most 255"),
        ({"pretraining": {"rbm_steps": 0}}, "need pretraining.rbm_steps"),
    ],
)
def test_wrong_recipes(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Plan.from_dict({"codec": "dbm-autoencoder", "schedule": {"steps": 1}} | change)


@pytest.fixture(scope="module")
def coder() -> PatchCodec:
    torch.manual_seed(0)
    net = PatchAutoencoder(PatchAutoencoderConfig(patch=4, first=12, second=8, code=5, levels=4), 0.05, 4.0)
    return PatchCodec(net, [np.random.default_rng(1).integers(90, 160, (40, 44)).astype(np.uint8)])


@pytest.mark.parametrize("size", [(1, 1), (7, 30), (64, 64), (3, 129)])
def test_the_patch_coder_gives_its_own_reconstruction(size: tuple[int, int], coder: PatchCodec) -> None:
    """Through bytes the same as through the network: also for symbols that the counted picture never had."""
    luma = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    data = coder.encode(luma)
    decoded = coder.decode(data)
    net = coder._net
    patches = torch.from_numpy(split(luma, 4)).float()
    with torch.no_grad():
        code = net.dequantise(net.quantise(net.encode(patches)))
        expected = net.decode(code, net.means(patches)).round().clamp(0, 255).to(torch.uint8).numpy()
    assert np.array_equal(decoded, join(expected, *size, 4))
    assert coder.encode(luma) == data


def test_damaged_patch_files(coder: PatchCodec) -> None:
    data = coder.encode(np.full((16, 16), 77, np.uint8))
    with pytest.raises(CorruptFileError, match="cut off"):
        coder.decode(data[:5])
    with pytest.raises(CorruptFileError, match="no pixels"):
        coder.decode(bytes(8) + data[8:])
    with pytest.raises(LimitError):
        coder.decode(b"\xff\xff\xff\x00" * 2 + data[8:])
    with pytest.raises(CorruptFileError):
        coder.decode(data + bytes(range(1, 40)))
