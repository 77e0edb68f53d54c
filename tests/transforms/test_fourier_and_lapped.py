"""Half plane of the Fourier transform, and the lapped transform: way back, lengths, what they are known for."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.transforms import Blocks, Linear, dct_matrix, separable
from latentpress.transforms.fourier import HalfPlane
from latentpress.transforms.lapped import Lapped, border_filter

PLANES = np.random.default_rng(0).uniform(-128, 128, (2, 48, 96)).astype(np.float32)


@pytest.mark.parametrize("side", [1, 2, 3, 5, 8, 16])
def test_half_a_spectrum_is_a_block(side: int) -> None:
    fft = pytest.importorskip("scipy.fft")
    blocks = PLANES.ravel()[: 6 * side * side].reshape(2, 3, -1)
    stage = HalfPlane(side)
    parts = stage.forward(blocks)
    assert np.abs(stage.inverse(parts) - blocks).max() < 1e-3
    assert np.allclose((parts**2).sum(axis=-1), (blocks**2).sum(axis=-1), rtol=1e-4)
    theirs = fft.rfft2(blocks.reshape(2, 3, side, side), norm="ortho")
    for row, column in np.ndindex(side, side // 2 + 1):
        index, other = row * side + column, (-row % side) * side + -column % side
        if index == other:
            assert np.allclose(parts[..., index], theirs[..., row, column].real, atol=1e-3)
        elif index < other:
            pair = (parts[..., index] - 1j * parts[..., other]) / np.sqrt(2)
            assert np.allclose(pair, theirs[..., row, column], atol=1e-3)


def test_frequencies_rise_and_pairs_stand_together() -> None:
    stage = HalfPlane(8)
    order = stage.order
    lengths = [min(k // 8, 8 - k // 8) ** 2 + min(k % 8, 8 - k % 8) ** 2 for k in order]
    assert lengths == sorted(lengths)
    place = np.argsort(order)
    assert np.abs(place - place[stage.mirror]).max() == 1


@pytest.mark.parametrize("side", [4, 8, 16])
def test_lapped_planes_come_back(side: int) -> None:
    stage = Lapped(side)
    there = stage.forward(PLANES)
    assert np.abs(stage.inverse(there) - PLANES).max() < 1e-3
    assert np.isclose((there.astype(float) ** 2).sum(), (PLANES.astype(float) ** 2).sum(), rtol=1e-5)
    assert np.array_equal(stage.forward(PLANES[:, :side, :side]), PLANES[:, :side, :side])  # one block has no border
    ours = Linear(separable(dct_matrix(side))).forward(Blocks(side).forward(there[0]))[1, 1]
    moved = PLANES[0].copy()
    moved[side - side // 2 : 2 * side + side // 2, side - side // 2 : 2 * side + side // 2] = 0
    gone = Linear(separable(dct_matrix(side))).forward(Blocks(side).forward(stage.forward(moved[None])[0]))[1, 1]
    assert np.abs(gone).max() < 1e-3 < np.abs(ours).max()  # it sees twice the block and no further


def test_coding_gain_of_the_lapped_transform() -> None:
    """9.22 dB for a first-order process of correlation 0.95 and 8 bands, the DCT 8.83 dB (Malvar 1992, table 4.2)."""
    side, count = 8, 8
    filters = np.eye(side * count)
    for border in range(1, count):
        part = slice(border * side - side // 2, border * side + side // 2)
        filters[part, part] = border_filter(side)
    covariance = 0.95 ** np.abs(np.subtract.outer(np.arange(side * count), np.arange(side * count)))
    cosines = np.kron(np.eye(count), dct_matrix(side))
    for matrix, gain in ((cosines, 8.83), (cosines @ filters, 9.22)):
        variances = np.diag(matrix @ covariance @ matrix.T)[3 * side : 4 * side]
        assert abs(-10 * np.log10(np.exp(np.log(variances).mean())) - gain) < 0.01
