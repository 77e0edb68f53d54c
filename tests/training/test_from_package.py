"""A run that begins with a model package: its weights, its history, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.models.package import CARD
from latentpress.parts.blocks import patches
from latentpress.parts.integer import freeze
from latentpress.parts.rate_table import IntegerRateTable
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.export import export, rounded
from latentpress.training.from_package import _load, stored_weights
from latentpress.training.graphs import export_graph
from latentpress.training.plan import Plan, load_plan
from latentpress.training.run import train
from latentpress.training.system import Graph

TINY = Path(__file__).parents[1] / "systems" / "tiny"


def quiet(_: str) -> None:
    return


def plan_of(id: str) -> Plan:
    plan = load_plan(TINY / f"{id}.toml")
    return replace(plan, schedule=replace(plan.schedule, learning_rate=1e-2))  # so that weights move


@pytest.fixture(scope="module", params=["factorised", "kamisli"])
def made(request: pytest.FixtureRequest, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Checkpoint and package of a run: transforms with GDN, and integer layers with a turned transform."""
    folder = tmp_path_factory.mktemp(request.param)
    checkpoint = train(plan_of(request.param), photos, run=folder / "run", threads=1, report=quiet)
    return checkpoint, export(checkpoint, folder / "model", name="made", data=photos)


def test_a_run_begins_with_the_weights_of_a_package(made: tuple[Path, Path], photos: Path, tmp_path: Path) -> None:
    first = load_checkpoint(made[0])
    again = train(first.recipe, photos, run=tmp_path, threads=1, report=quiet, start=made[1], minutes=1e-9)
    begun = load_checkpoint(again)
    assert begun.step == 0
    assert begun.average.keys() == first.average.keys()
    for name, value in first.average.items():
        if not name.startswith("prior."):  # of training alone: a package has tables in its place
            ours, theirs = (one.abs() if ".root_" in name else one for one in (begun.weights[name], value))
            torch.testing.assert_close(ours, theirs, rtol=0.01, atol=2e-3)
    whole = load_checkpoint(train(first.recipe, photos, run=tmp_path, threads=1, report=quiet, resume=True))
    assert whole.step == first.step
    assert whole.history["seconds"] > first.history["seconds"]
    assert whole.history["began_with"] == "made"
    assert [stage["steps"] for stage in whole.history["stages"]] == [first.step]


def test_the_exported_weights_come_back_as_they_are(made: tuple[Path, Path], photos: Path, tmp_path: Path) -> None:
    plan = load_checkpoint(made[0]).recipe
    begun = train(plan, photos, run=tmp_path / "run", threads=1, report=quiet, start=made[1], minutes=1e-9)
    again = export(begun, tmp_path / "again", name="again", data=photos)
    if plan.codec == "kamisli":
        both = [np.load(package / "tables.npz")["transform"].astype(int) for package in (made[1], again)]
        assert np.abs(both[0] - both[1]).max() <= 1
        assert (made[1] / "predict.onnx").read_bytes() == (again / "predict.onnx").read_bytes()


def test_other_networks_and_packages_without_a_recipe_are_refused(
    made: tuple[Path, Path], photos: Path, tmp_path: Path
) -> None:
    plan = load_checkpoint(made[0]).recipe
    options = {"threads": 1, "report": quiet, "minutes": 1e-9}
    other = replace(plan, model=replace(plan.model, anchors=plan.model.anchors + 1))
    with pytest.raises(InvalidInputError, match="of these sizes cannot begin with that"):
        train(other, photos, run=tmp_path / "other", start=made[1], **options)
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in made[1].iterdir():
        (bare / file.name).write_bytes(file.read_bytes())
    card = json.loads((bare / CARD).read_text())
    (bare / CARD).write_text(json.dumps(card | {"training": {}}))
    with pytest.raises(InvalidInputError, match="its card has no recipe"):
        train(plan, photos, run=tmp_path / "bare-run", start=bare, **options)
    with pytest.raises(UnsupportedError, match="nowhere is not installed"):
        train(plan, photos, run=tmp_path / "nowhere", start="nowhere", **options)
    with pytest.raises(InvalidInputError, match="no checkpoint at"):
        train(plan, photos, run=tmp_path / "missing", start="missing.safetensors", **options)


def test_weights_are_taken_back_as_they_are_used() -> None:
    class Net(nn.Module):
        """A strided layer that is stored as such, and a table in whole numbers."""

        def __init__(self) -> None:
            super().__init__()
            self.plain, self.strided = nn.Conv2d(2, 4, 3), nn.Conv2d(16, 3, 1)
            self.shift = IntegerRateTable(2, 3, 4, torch.randn(2, 3))

        def forward(self, x: Tensor, mix: Tensor) -> Tensor:
            return patches(self.plain(x), self.strided, 2) + self.shift(mix)

    def graph(net: nn.Module) -> Graph:
        return Graph(net, {"x": torch.zeros(1, 2, 10, 10), "mix": torch.zeros(1, 2)}, ("y",))

    first, second = Net().requires_grad_(False), Net().requires_grad_(False)
    rounded(first)
    wanted = {name: value.clone() for name, value in first.state_dict().items()}
    freeze(first)
    _load(graph(second), stored_weights(export_graph(graph(first))))
    for name, value in second.state_dict().items():
        assert torch.equal(value, torch.round(wanted[name] * 16) / 16 if name == "shift.table" else wanted[name]), name
