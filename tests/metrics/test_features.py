"""FSIM and FSIMc against piq, against values that it gave, and against what they must obey."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import features, fsim, fsimc, phase

# piq 0.8.0 in float64, on the transposed pictures (see `reference`): FSIM, FSIMc.
PINNED = {
    "noise": (0.797314909348, 0.784144509923),
    "blur": (0.811021118105, 0.808770920025),
    "contrast": (0.963038446563, 0.961110214545),
    "blocks": (0.918035770479, 0.914154946010),
    "tint": (0.999936259148, 0.969714609838),
}
PINNED_ODD = (0.835872470054, 0.833191059384)  # "blur" on 121x97: odd sides have a grid of frequencies of their own
# What separates us from piq, see test_every_difference_from_piq_is_known, counts most in small pictures.
FSIM_TOLERANCE, FSIMC_TOLERANCE = 2e-5, 2e-4


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch, one_thread: Any) -> Callable[..., float]:
    """piq's FSIM. It numbers the two axes the other way round than the authors, so it is given transposed pictures."""
    if importlib.util.find_spec("piq") is None:
        pytest.skip("piq is not installed")
    if importlib.util.find_spec("torchvision") is None:
        for name, module in stand_in().items():
            monkeypatch.setitem(sys.modules, name, module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        piq = importlib.import_module("piq")

    def compute(a: np.ndarray, b: np.ndarray, chroma: bool) -> float:
        x, y = (one_thread.from_numpy(p.transpose(2, 1, 0)[None] / 255.0) for p in (a, b))
        return float(piq.fsim(x, y, chromatic=chroma))

    return compute


def stand_in() -> dict[str, types.ModuleType]:
    """As much of torchvision as the import of piq looks at; FSIM uses none of it."""
    whole, models, utils = (types.ModuleType(f"torchvision{name}") for name in ("", ".models", ".models.utils"))
    contents: dict[str, Any] = {f"Inception{letter}": type(f"Inception{letter}", (), {}) for letter in "ABCDE"}
    vars(models).update(vgg16=None, vgg19=None, inception=types.SimpleNamespace(**contents))
    vars(utils).update(load_state_dict_from_url=None)
    vars(whole).update(models=models, __spec__=importlib.machinery.ModuleSpec("torchvision", None))
    return {module.__name__: module for module in (whole, models, utils)}


def test_pinned(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    name, a, b = distorted
    assert fsim(a, b) == pytest.approx(PINNED[name][0], abs=FSIM_TOLERANCE)
    assert fsimc(a, b) == pytest.approx(PINNED[name][1], abs=FSIMC_TOLERANCE)


def test_pinned_odd_sides(scene: Callable[..., np.ndarray]) -> None:
    a = scene(121, 97).astype(np.int64)
    edge = np.pad(a, [(2, 2), (2, 2), (0, 0)], mode="edge")
    b = sum(edge[i : i + 121, j : j + 97] for i in range(5) for j in range(5)) // 25
    a, b = a.astype(np.uint8), b.astype(np.uint8)
    assert (fsim(a, b), fsimc(a, b)) == (
        pytest.approx(PINNED_ODD[0], abs=FSIM_TOLERANCE),
        pytest.approx(PINNED_ODD[1], abs=FSIMC_TOLERANCE),
    )


def test_against_piq(reference: Callable[..., float], distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    _, a, b = distorted
    for rows, columns in ((168, 200), (121, 96)):
        x, y = a[:rows, :columns], b[:rows, :columns]
        assert fsim(x, y) == pytest.approx(reference(x, y, False), abs=FSIM_TOLERANCE)
        assert fsimc(x, y) == pytest.approx(reference(x, y, True), abs=FSIMC_TOLERANCE)


def test_every_difference_from_piq_is_known(
    reference: Callable[..., float], distorted: tuple[str, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its guard of divisions, median of an even count, digits of YIQ and sign of products put in, we are the same."""
    monkeypatch.setattr(phase, "_TINY", np.finfo(np.float64).eps)
    monkeypatch.setattr(phase.np, "median", lambda x: np.sort(x, axis=None)[(x.size - 1) // 2])
    monkeypatch.setattr(features, "_I_AXIS", (0.5959, -0.2746, -0.3213))
    monkeypatch.setattr(features, "_Q_AXIS", (0.2115, -0.5227, 0.3112))
    monkeypatch.setattr(features, "_OPPOSED", 1.0)
    _, a, b = distorted
    assert fsim(a, b) == pytest.approx(reference(a, b, False), abs=1e-12)
    assert fsimc(a, b) == pytest.approx(reference(a, b, True), abs=1e-12)


def test_large_pictures_are_reduced_by_whole_blocks(
    scene: Callable[..., np.ndarray], reference: Callable[..., float]
) -> None:
    """Sides of 521 and 650 become 260 and 325."""
    a = scene(521, 650)
    b = a // 16 * 16
    assert fsim(a, b) == fsim(a[:520], b[:520])
    assert fsim(a, b) == pytest.approx(reference(a, b, False), abs=FSIM_TOLERANCE)


def test_what_it_must_obey(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    _, a, b = distorted
    assert fsim(a, a) == pytest.approx(1.0, abs=1e-12)
    assert fsimc(a, a) == pytest.approx(1.0, abs=1e-12)
    assert fsim(b, a) == pytest.approx(fsim(a, b), abs=1e-12)
    assert 0 < fsimc(a, b) <= fsim(a, b) < 1
    assert fsimc(a[..., 0], b[..., 0]) == fsim(a[..., 0], b[..., 0]) == fsim(a[..., :1], b[..., :1])
    wide = [picture.astype(np.uint16) * 257 for picture in (a, b)]
    assert fsimc(*wide) == pytest.approx(fsimc(a, b), abs=1e-12)


def test_a_change_of_colour_alone_is_seen_by_fsimc_alone(scene: Callable[..., np.ndarray]) -> None:
    a = scene(96, 96).astype(np.float64) / 2 + 50
    b = a + np.array([22.0, -9.0, -22 * 0.299 / 0.114 + 9 * 0.587 / 0.114])  # leaves the luma as it is
    assert fsim(a, b, peak=255) == pytest.approx(1.0, abs=1e-9)
    assert fsimc(a, b, peak=255) < 0.999


def test_flat_pictures() -> None:
    a = np.full((64, 64, 3), 90, np.uint8)
    assert fsim(a, a) == 1.0
    assert 0.9 < fsim(a, a + np.uint8(10)) < 1


def test_refusals(scene: Callable[..., np.ndarray]) -> None:
    a = scene(47, 90)
    with pytest.raises(InvalidInputError, match="at least 48 pixels, not 90x47"):
        fsim(a, a)
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        fsim(a, a[:, 1:])
    with pytest.raises(InvalidInputError, match="gray and RGB"):
        fsim(scene(64, 64, 3)[..., :2], scene(64, 64, 3)[..., :2])
