"""How far a network is trusted: on the picture's own evidence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.restoration import Restorer, read_jpeg, standard_quantisation
from latentpress.restoration import network as network_module
from latentpress.restoration.calibration import CELL, SHIFT, cell_sums, code_again, flat_counts, gains_of, spread

Photo = NDArray[np.uint8]


def field(seed: int = 0, side: int = 3 * CELL) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 2, (3, side, side)).astype(np.float32)


def busy(made: NDArray[np.float32], flat: float = 0.0) -> NDArray[np.float64]:
    """What `flat_counts` says of a tile of that size with a share of flat pixels."""
    cells = made.shape[1] // CELL
    return np.stack([np.full((cells, cells), flat), np.ones((cells, cells))])


def test_the_share_that_would_have_been_best() -> None:
    made = field()
    assert gains_of(cell_sums(made, made), busy(made)).min() > 0.95
    assert gains_of(cell_sums(-made, made), busy(made)).max() == 0
    assert gains_of(cell_sums(field(1), made), busy(made)).max() < 0.1  # unrelated
    third = gains_of(cell_sums(np.float32(0.35) * made, made), busy(made))
    assert 0.25 < third.min() <= third.max() < 0.45
    assert gains_of(cell_sums(made, np.zeros_like(made)), busy(made)).max() == 0


def test_patterns_have_to_show_more() -> None:
    made = field()
    for share, least, most in ((0.45, 0, 0), (0.65, 0.4, 0.6), (0.9, 0.95, 1)):
        luma = gains_of(cell_sums(np.float32(share) * made, made), None)[0]
        assert least <= luma.min() <= luma.max() <= most


def test_chroma_of_patterns_is_trusted_where_luma_is() -> None:
    made = field()
    for share, least, most in ((0.55, 0, 0.2), (0.9, 0.7, 0.8)):
        wanted = np.float32([share, 0.5, 0.5])[:, None, None] * made
        chroma = gains_of(cell_sums(wanted, made), None)[1:]
        assert least <= chroma.min() <= chroma.max() <= most


def test_luma_of_drawings_is_trusted_less() -> None:
    made = field()
    for flat, least, most in ((0.2, 0.95, 1), (0.375, 0.45, 0.55), (0.6, 0, 0)):
        gains = gains_of(cell_sums(made, made), busy(made, flat))
        assert least <= gains[0].min() <= gains[0].max() <= most
        assert gains[1:].min() > 0.95
    pixels = np.random.default_rng(0).integers(0, 256, (CELL, 2 * CELL, 3)).astype(np.uint8)
    pixels[:, CELL:] = 7
    flat, all_ = flat_counts(pixels)
    assert flat[0, 0] == 0
    assert flat[0, 1] / all_[0, 1] > 0.95


def test_components_and_places_are_judged_apart() -> None:
    made, wanted = field(side=6 * CELL), field(side=6 * CELL)
    wanted[1] = 0
    wanted[0, :, 3 * CELL :] *= -1
    gains = gains_of(cell_sums(wanted, made), busy(made))
    assert gains.shape == (3, 6, 6)
    assert gains[0, :, :2].min() > 0.95
    assert gains[0, :, 4:].max() == 0
    assert gains[1].max() == 0
    assert gains[2].min() > 0.95


def test_gains_between_cells() -> None:
    gains = np.zeros((3, 2, 3), np.float32)
    gains[:, :, 1] = 1
    whole = spread(gains, slice(0, 2 * CELL), slice(0, 3 * CELL))
    assert whole.shape == (3, 2 * CELL, 3 * CELL)
    assert np.abs(np.diff(whole, axis=2)).max() <= 1 / CELL + 1e-6
    assert whole[0, 0, CELL + CELL // 2 + SHIFT] > 0.99
    assert whole[:, :, : CELL // 2].max() == 0
    part = spread(gains, slice(7, 50), slice(100, 180))
    assert np.allclose(part, whole[:, 7:50, 100:180])


@pytest.mark.parametrize("quality", [90, 100])
def test_coding_again_does_what_the_file_did(quality: int, photo: Photo, jpeg: Callable[..., bytes]) -> None:
    for subsampling, factors in (("4:2:0", (2, 2)), ("4:4:4", (1, 1)), ("4:2:2", (1, 2))):
        again = code_again(photo, standard_quantisation(quality, factors))
        assert np.array_equal(again, read_jpeg(jpeg(photo, quality, subsampling)).pixels)
    gray = code_again(photo[:, :, :1], standard_quantisation(quality))
    assert np.array_equal(gray, read_jpeg(jpeg(photo[:, :, 0], quality)).pixels)


def test_a_network_that_knows_nothing_does_nothing_to_a_good_jpeg(
    random_package: object, photo: Photo, jpeg: Callable[..., bytes]
) -> None:
    restorer = Restorer(str(random_package), threads=1)
    for quality, changed in ((80, True), (92, False), (100, False)):
        source = read_jpeg(jpeg(photo, quality))
        result = restorer.restore(source.pixels, source.quantisation)
        assert np.array_equal(result, source.pixels) != changed


def test_tiles_change_nothing(photo: Photo, jpeg: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither those of the restoration nor those in which evidence is gathered."""
    source = read_jpeg(jpeg(np.tile(photo, (2, 2, 1))[:300, :330], 92))
    restorer = Restorer(threads=1)
    whole = restorer.restore(source.pixels, source.quantisation)
    assert not np.array_equal(whole, source.pixels)
    tiled = restorer.restore(source.pixels, source.quantisation, tile=128)
    assert np.abs(whole.astype(int) - tiled).max() <= 1
    monkeypatch.setattr(network_module, "_TILE", 128)
    gathered = restorer.restore(source.pixels, source.quantisation)
    difference = np.abs(whole.astype(int) - gathered)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


@pytest.mark.parametrize("size", [(1, 1), (20, 300), (24, 24), (65, 67)])
def test_any_size(size: tuple[int, int], photo: Photo, jpeg: Callable[..., bytes]) -> None:
    pixels = np.resize(photo, (*size, 3))
    source = read_jpeg(jpeg(pixels, 95))
    assert Restorer(threads=1).restore(source.pixels, source.quantisation).shape == pixels.shape


@pytest.mark.parametrize("size", [(24, 300), (65, 67), (200, 70), (450, 64)])
def test_patterns_take_a_third_more(
    size: tuple[int, int], photo: Photo, jpeg: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Evidence is gathered in bands, one of which every cell of the picture has beside it or in it."""
    source = read_jpeg(jpeg(np.resize(photo, (*size, 3)), 60))
    restorer = Restorer(threads=1)
    seen: list[int] = []
    correction = Restorer._correction

    def counted(self: Restorer, window: Photo, *rest: object) -> object:
        seen.append(window.shape[0])
        return correction(self, window, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Restorer, "_correction", counted)
    result = restorer.restore(source.pixels, source.quantisation, patterns=True)
    assert result.shape == source.pixels.shape
    rows = -(-(size[0] - SHIFT) // CELL)
    assert sum(seen[:-1]) <= (-(-rows // 3)) * CELL
    assert seen[-1] == size[0]
    monkeypatch.setattr(network_module, "gains_of", lambda sums, flat: _reached(sums))
    restorer.restore(source.pixels, source.quantisation, patterns=True)


def _reached(sums: NDArray[np.float64]) -> NDArray[np.float32]:
    """All of the correction; fails where a cell has no evidence around it."""
    made = np.pad(sums[1, 0], 1)
    rows, columns = sums.shape[2:]
    around = sum(made[y : y + rows, x : x + columns] for y in range(3) for x in range(3))
    assert np.all(np.asarray(around) > 0)
    return np.ones(sums.shape[1:], np.float32)
