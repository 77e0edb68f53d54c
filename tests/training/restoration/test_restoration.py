"""Training of restorers: degraded crops, objective, a run that learns and resumes, export."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage
from latentpress.restoration import Restorer, standard_quantisation
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.export import export, rounded, trained_network
from latentpress.training.plan import Plan, load_plan
from latentpress.training.restoration.data import degrade, jpeg_round_trip, random_quantisation
from latentpress.training.restoration.objective import edge_error, rgb_of, scale_errors, ycc_of
from latentpress.training.restoration.validation import restore_batch
from latentpress.training.run import train
from latentpress.training.runner import LOG

MACAWS = Path(__file__).parents[3] / "examples" / "macaws.png"
TINY = Path(__file__).parents[2] / "systems" / "tiny"


def quiet(_: str) -> None:
    return


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    with Image.open(MACAWS) as picture:
        for i in range(3):
            picture.convert("RGB").crop((100 + 150 * i, 60, 292 + 150 * i, 252)).save(folder / f"{i}.png")
    return folder


@pytest.fixture(params=["cas-cnn", "idcn"])
def plan(request: pytest.FixtureRequest) -> Plan:
    return load_plan(TINY / f"{request.param}.toml")


def test_degraded_crops_are_what_the_tables_say(photos: Path) -> None:
    pixels = np.asarray(Image.open(photos / "0.png"))[:64, :64]
    crops = np.ascontiguousarray(np.stack([pixels.transpose(2, 0, 1)] * 12))
    decoded, quantisations = degrade(crops, np.random.default_rng(3))
    again, _ = degrade(crops, np.random.default_rng(3))
    assert np.array_equal(decoded, again)
    for jpeg, quantisation in zip(decoded, quantisations, strict=True):
        assert np.array_equal(jpeg.transpose(1, 2, 0), jpeg_round_trip(pixels, quantisation))
    twice, _ = degrade(crops, np.random.default_rng(3), 1.0)
    assert not any(np.array_equal(one, other) for one, other in zip(twice, decoded, strict=True))
    errors = [np.square(jpeg.astype(float) - crops[0]).mean() for jpeg in decoded]
    steps = [np.log(quantisation.luma).mean() for quantisation in quantisations]
    assert np.corrcoef(np.log(errors), steps)[0, 1] > 0.8


def test_settings_cover_what_is_promised() -> None:
    rng = np.random.default_rng(0)
    drawn = [random_quantisation(rng) for _ in range(600)]
    qualities = [q.quality for q in drawn if q.standard]
    assert min(qualities) < 8
    assert max(qualities) > 90
    assert 0.6 < np.mean([8 <= q <= 50 for q in qualities]) < 0.95
    assert {q.subsampling for q in drawn} == {(2, 2), (1, 2), (1, 1)}
    assert 0.05 < np.mean([not q.standard for q in drawn]) < 0.25
    assert all(q.luma.min() >= 1 and q.chroma.max() <= 255 for q in drawn)


def test_colour_transforms_are_inverse() -> None:
    rgb = torch.rand(2, 3, 4, 4) * 255
    assert torch.allclose(rgb_of(ycc_of(rgb)) + 128, rgb, atol=0.05)


def test_the_objective_counts_every_resolution() -> None:
    wanted = torch.randn(2, 3, 32, 32)
    scales = [wanted, *(torch.nn.functional.avg_pool2d(wanted, 2**k) for k in (1, 2, 3))]
    assert all(error.abs().max() < 1e-9 for error in scale_errors(scales, wanted))
    zeros = [torch.zeros_like(scale) for scale in scales]
    for error, scale in zip(scale_errors(zeros, wanted), scales, strict=True):
        assert torch.allclose(error, rgb_of(scale).square().mean(dim=(1, 2, 3)), rtol=1e-4)


def test_edge_error_sees_edges_alone() -> None:
    wanted = torch.zeros(1, 3, 16, 16)
    assert edge_error(wanted + 5, wanted).item() == pytest.approx(0, abs=1e-9)
    step = wanted.clone()
    step[..., 8:] = 5
    assert edge_error(step, wanted).item() > 0.1


def test_it_learns_and_the_package_does_what_the_network_does(plan: Plan, photos: Path, tmp_path: Path) -> None:
    longer = replace(plan, schedule=replace(plan.schedule, steps=100, validate_every=50, ema=0.9))
    checkpoint = train(longer, photos, run=tmp_path / "run", valid=photos, threads=1, report=quiet)
    with (tmp_path / "run" / LOG).open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "valid" and row["step"] == "100"]
    gains = {int(row["quality"]): float(row["gain"]) for row in rows}
    assert gains[10] > 0.02
    assert gains[90] > -0.05

    target = export(checkpoint, tmp_path / "package", name="tiny", data=photos)
    package = ModelPackage(target)
    assert (package.codec, package.name, package.config["network"]) == ("restore", "tiny", plan.codec)
    assert package.card["check"]["gain"]["10"] == pytest.approx(gains[10], abs=0.2)
    assert package.card["complexity"]["kmac_per_pixel"]["decoder"] > 0
    quantisation = standard_quantisation(20)
    pixels = jpeg_round_trip(np.asarray(Image.open(photos / "1.png")), quantisation)
    stored = Restorer(str(target), threads=1).restore(pixels, quantisation)
    net = trained_network(load_checkpoint(checkpoint))[1]
    rounded(net)
    described = {name: v for name, v in _describe(quantisation).items()}
    direct = restore_batch(net, torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None], described)[0]
    difference = np.abs(stored.astype(int) - direct.numpy().transpose(1, 2, 0))
    assert difference.max() <= 1
    assert difference.mean() < 0.02
    with pytest.raises(InvalidInputError, match="exists already"):
        export(checkpoint, target, name="tiny", data=photos)


def _describe(quantisation: Any) -> Any:
    from latentpress.restoration.tables import describe

    return describe([quantisation])
