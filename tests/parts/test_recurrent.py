"""Recurrent cells, and progressive networks before the first step of training."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from latentpress.errors import InvalidInputError
from latentpress.parts.progressive import Inpainter, ProgressiveNet, Sizes
from latentpress.parts.recurrent import CELLS, AssociativeLstm, ConvLstm, cell_of
from latentpress.training.structural import similarity
from latentpress.transforms.klt import KltBasis, fit_klt


@pytest.mark.parametrize("name", CELLS)
def test_cells_keep_their_shapes_and_stay_small(name: str) -> None:
    torch.manual_seed(0)
    cell = cell_of(name, 5, 6)
    state = torch.zeros(2, cell.states, 3, 4)
    for _ in range(20):
        state = cell(5 * torch.randn(2, 5, 3, 4), state)
    assert state.shape == (2, cell.states, 3, 4)
    assert state[:, : cell.hidden].abs().max() < 3
    before = cell(torch.ones(2, 5, 3, 4), state)
    assert torch.equal(before, cell(torch.ones(2, 5, 3, 4), 0 * state)) == (name in ("convolution", "dense"))


def test_an_lstm_is_torchs() -> None:
    """With no look around a convolutional LSTM of one place is the usual one."""
    cell, usual = ConvLstm(3, 4), torch.nn.LSTMCell(3, 4)
    torch.nn.init.zeros_(cell.spatial.weight)
    torch.nn.init.zeros_(cell.spatial.bias)
    order = torch.cat([torch.arange(4, 8), torch.arange(4), torch.arange(12, 16), torch.arange(8, 12)])  # i f g o there
    with torch.no_grad():
        cell.gates.weight.copy_(torch.cat([usual.weight_ih, usual.weight_hh], dim=1)[order, :, None, None])
        cell.gates.bias.copy_((usual.bias_ih + usual.bias_hh)[order])
        cell.gates.bias[:4] -= 1  # which the cell adds to the forget gate
    x, h, c = torch.randn(1, 3), torch.randn(1, 4), torch.randn(1, 4)
    made = cell(x[:, :, None, None], torch.cat([h, c], dim=1)[:, :, None, None])[:, :, 0, 0]
    assert torch.allclose(made, torch.cat(usual(x, (h, c)), dim=1), atol=1e-6)


def test_the_associative_cell_multiplies_complex_numbers() -> None:
    cell = AssociativeLstm(2, 6)
    x, y = torch.randn(1, 6, 1, 1), torch.randn(1, 6, 1, 1)
    product = torch.complex(x[:, :3], x[:, 3:]) * torch.complex(y[:, :3], y[:, 3:])
    assert torch.allclose(cell._times(x, y), torch.cat([product.real, product.imag], dim=1), atol=1e-6)
    bounded = cell._bounded(10 * x)
    assert torch.complex(bounded[:, :3], bounded[:, 3:]).abs().max() <= 1 + 1e-6


@pytest.fixture(scope="module")
def start() -> tuple[torch.Tensor, KltBasis]:
    """Blocks of a picture, and a transform of it."""
    photo = np.random.default_rng(0).normal(128, 40, (96, 96, 3)).clip(0, 255).astype(np.uint8)
    x = torch.nn.functional.pixel_unshuffle(torch.from_numpy(photo).permute(2, 0, 1)[None].float(), 16) - 128
    return x, fit_klt([photo], 24)


@pytest.mark.parametrize("way", ["additive", "one-shot", "scaled"])
@pytest.mark.parametrize("signs", [0, 8])
def test_networks_begin_as_transform_coders(start: tuple[torch.Tensor, KltBasis], way: str, signs: int) -> None:
    x, basis = start
    sizes = {"layers": 6, "channels": 24, "hidden": 6, "signs": signs}
    with torch.no_grad():
        usual = ProgressiveNet(Sizes(**sizes), basis)(x)
        net = ProgressiveNet(Sizes(**sizes, reconstruction=way, cell="lstm", normalisation="gdn", priming=2), basis)(x)
    errors = [float((made - x).square().mean()) for made, _ in net]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0]
    assert torch.allclose(net[-1][0], usual[-1][0], atol=1e-2)


def test_inpainting_paints_what_is_not_coded_from_its_neighbours(start: tuple[torch.Tensor, KltBasis]) -> None:
    picture = torch.cat([torch.full((1, 256, 5, 6), level) for level in (20.0, -30.0, 60.0)], dim=1)
    known = (torch.from_numpy(np.indices((5, 6)).sum(axis=0) % 2 == 0))[None, None].float()
    net = Inpainter(4)
    with torch.no_grad():
        assert torch.allclose(net(picture * known, known), picture, atol=1e-4)
        assert torch.equal(net(picture, 0 * known), 0 * picture)
        x, basis = start
        whole = ProgressiveNet(Sizes(layers=6, channels=24, hidden=6), basis)(x)
        halves = ProgressiveNet(Sizes(layers=7, channels=24, hidden=6, inpainting=True), basis)(x)
    assert (halves[-1][0] - x).square().mean() < 1.1 * (whole[-1][0] - x).square().mean()


def test_wrong_sizes_are_named() -> None:
    with pytest.raises(InvalidInputError, match="inpainting is for pairs"):
        Sizes(inpainting=True, signs=8)
    for wrong in (
        {"cell": "rnn"},
        {"layers": 0},
        {"diffusion": 0},
        {"reconstruction": "both"},
        {"normalisation": "bn"},
    ):
        with pytest.raises(InvalidInputError, match=f"model.{next(iter(wrong))} must be"):
            Sizes(**wrong)


def test_similarity_is_one_for_equal_pictures_and_falls_where_they_differ() -> None:
    a = 128 + 40 * torch.randn(1, 1, 40, 40)
    b = a.clone()
    b[..., 20:, :] = 128
    found = similarity(a, b)
    assert torch.allclose(found[..., :15, :], torch.ones(1), atol=1e-5)
    assert found[..., 25:, :].max() < 0.5
