"""The bank of networks restores what it splits, in NumPy as in torch; contexts; training; whole files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import torch

from latentpress.codecs import get_codec
from latentpress.codecs.ports import Pricing
from latentpress.codecs.zerotrees import LAYERS, LEVELS, STEP, TOP
from latentpress.image import Image
from latentpress.systems.filter_bank.bank import Bank
from latentpress.systems.filter_bank.codec import FilterBankCodec
from latentpress.systems.filter_bank.layout import CENTRE, LOGITS
from latentpress.systems.filter_bank.net import FilterBankNet, Sizes
from latentpress.systems.filter_bank.seeing import FEATURES, Seeing
from latentpress.systems.filter_bank.training import heard
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.export import export
from latentpress.training.plan import load_plan
from latentpress.training.run import train
from latentpress.transforms import ToYcc
from latentpress.transforms.lifting import CDF97, Pyramid

Float = NDArray[np.float32]

TINY = Path(__file__).parents[1] / "tiny/filter-bank.toml"


def bank_of(net: FilterBankNet) -> Bank:
    def run(name: str, known: Float) -> Float:
        with torch.no_grad():
            details: Float = getattr(net, name)(torch.from_numpy(known)[None])[0].numpy()
        return details

    return Bank(run)


def learned(std: float) -> FilterBankNet:
    torch.manual_seed(1)
    net = FilterBankNet(Sizes(channels=8))
    for one in (net.luma[-1].weight, net.chroma[-1].weight):
        torch.nn.init.normal_(one, std=std)  # type: ignore[arg-type]  # a parameter
    return net


def planes_of(picture: Image, side: int = 96) -> Float:
    return ToYcc().forward(picture.pixels[:side, :side].transpose(2, 0, 1).astype(np.float32)) / np.float32(STEP)


def test_whatever_networks_answer_the_bank_restores_what_it_splits(photograph: Image) -> None:
    net, planes = learned(0.1), planes_of(photograph)
    bands = bank_of(net).forward(planes)
    assert np.abs(bank_of(net).inverse(bands) - planes).max() < 1e-2
    plain = Pyramid(CDF97, LEVELS).forward(planes)
    assert [band.shape for band in bands] == [band.shape for band in plain]
    assert np.abs(bands[-1] - plain[-1]).max() > 1  # something was foretold
    with torch.no_grad():
        ours = net(torch.from_numpy(planes)[None])[::-1]
        assert (net.inverse(ours[::-1])[0].numpy() - planes).max() < 1e-2
    for band, one in zip(bands, ours, strict=True):
        assert np.abs(band - one[0].numpy()).max() < 1e-2


def test_an_untrained_bank_is_the_wavelet_and_flat_pictures_have_no_details(photograph: Image) -> None:
    planes = planes_of(photograph)
    torch.manual_seed(0)
    for ours, plain in zip(
        bank_of(FilterBankNet(Sizes(channels=4))).forward(planes), Pyramid(CDF97, LEVELS).forward(planes), strict=True
    ):
        assert np.abs(ours - plain).max() < 1e-2
    flat = np.full((3, 64, 64), 77, np.float32)
    for detail in bank_of(learned(0.5)).forward(flat)[1:]:
        assert np.abs(detail).max() < 1e-2


def test_every_logit_has_a_context_of_its_own(photograph: Image) -> None:
    bands = [np.trunc(band).astype(np.int32) for band in Pyramid(CDF97, LEVELS).forward(planes_of(photograph, 64))]
    asked: list[int] = []

    def run(features: Float) -> Float:
        assert features.shape[:2] == (1, FEATURES)
        assert features.shape[3] == 1
        assert (np.rint(features * 32) == features * 32).all()
        logits = np.random.default_rng(len(asked)).integers(-CENTRE, LOGITS - CENTRE, (1, 1, features.shape[2], 1))
        asked.append(logits.size)
        return (logits / 4).astype(np.float32)

    trees, port = Seeing([band.shape for band in bands], TOP, run), Pricing()
    for layer in LAYERS:
        for coded, plane in layer:
            coded(trees, port, plane, bands)
    for band, known, negative in zip(bands, trees.known, trees.negative, strict=True):
        assert (np.where(negative, -known, known) == band).all()
    seen, hit = heard(bands, 500, np.random.default_rng(0))
    assert sum(asked) > 500
    assert seen.shape == (500, FEATURES)
    assert 0.05 < hit.mean() < 0.95


@pytest.fixture(scope="module")
def package(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, plan = tmp_path_factory.mktemp("bank"), load_plan(TINY)
    quiet: Any = {"threads": 1, "report": lambda _: None}
    bank = train(plan, photos, run=folder / "bank", valid=photos, **quiet)
    contexts = replace(plan, more={"objective": replace(plan.objective, learns="contexts")})
    both = train(contexts, photos, run=folder / "contexts", valid=photos, start=bank, **quiet)
    first, last = load_checkpoint(bank).average, load_checkpoint(both).average
    moved = {name.partition(".")[0] for name in first if not torch.equal(first[name], last[name])}
    assert moved == {"contexts"}
    return export(both, folder / "model", name="tiny", data=photos)


def test_files_come_back_and_may_be_cut(package: Path, photograph: Image) -> None:
    codec = FilterBankCodec(model=str(package), threads=1)
    picture = Image(photograph.pixels[:70, :100].copy())
    files = [codec.encode(picture, quality) for quality in (20, 60, 100)]
    errors = [np.square(codec.decode(data).pixels.astype(float) - picture.pixels).mean() for data in files]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1
    with pytest.warns(match="cut off"):
        assert codec.decode(files[2][: len(files[2]) // 2]).pixels.shape == (70, 100, 3)
    engine = FilterBankCodec(model=str(package), engine="torch", dtype="float64")
    assert engine.exact(files[1]) == codec.exact(files[1])


def test_the_shipped_bank_takes_fewer_bytes_than_spiht(photograph: Image) -> None:
    try:
        bank = get_codec("filter-bank", threads=1)
        ours = bank.encode(photograph, 60)
    except Exception:
        pytest.skip("the zoo is not installed")
    spiht = get_codec("spiht", threads=1)
    theirs = spiht.encode(photograph, 60)
    assert len(ours) < len(theirs)
    errors = [
        np.square(codec.decode(data).pixels.astype(float) - photograph.pixels).mean()
        for codec, data in ((bank, ours), (spiht, theirs))
    ]
    assert errors[0] < 1.03 * errors[1]
