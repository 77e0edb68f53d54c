"""PSNR-HVS and PSNR-HVS-M by hand, against psnr-hvsm, and against values that it gave."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.fft import idctn

from latentpress.errors import InvalidInputError
from latentpress.metrics import psnr_hvs, psnr_hvs_m, visibility

# The compiled backend of psnr-hvsm 0.3.0 on BT.601 luma: PSNR-HVS, PSNR-HVS-M.
PINNED = {
    "noise": (28.647098782, 31.5072545223),
    "blur": (27.8791453674, 30.0796961865),
    "contrast": (20.1323577664, 20.2462993004),
    "blocks": (24.1995878139, 24.6509042781),
    "tint": (35.9531874047, 35.9580245965),
}


def block(**coefficients: float) -> np.ndarray:
    """An 8x8 block around 128 with the DCT coefficients given: uv=... for row u, column v."""
    dct = np.zeros((8, 8))
    for name, value in coefficients.items():
        dct[int(name[1]), int(name[2])] = value
    return 128.0 + np.asarray(idctn(dct, norm="ortho"))


def db(weighted: float) -> float:
    """From the sum of squared, weighted differences of one block."""
    return 10 * math.log10(255**2 / (weighted / 64))


def test_the_tables_are_the_published_ones() -> None:
    sensitivity, masking = visibility._SENSITIVITY, visibility._MASKING
    assert sensitivity[0].tolist() == [1.608443, 2.339554, 2.573509, 1.608443, 1.072295, 0.643377, 0.504610, 0.421887]
    assert sensitivity[:, 7].tolist() == [0.421887, 0.467911, 0.459555, 0.415082, 0.334222, 0.279729, 0.254803, 0.25995]
    assert masking[0].tolist() == [0.390625, 0.826446, 1.0, 0.390625, 0.173611, 0.0625, 0.038447, 0.026874]
    assert masking[5].tolist() == [0.173611, 0.081633, 0.033058, 0.024414, 0.015242, 0.009246, 0.007831, 0.011815]
    assert np.mean(sensitivity**2) == pytest.approx(1, abs=1e-5)


def test_a_shift_of_brightness_by_hand() -> None:
    """Five levels are 40 in the DC coefficient, which is weighted and not masked."""
    a, b = np.full((8, 8), 100, np.uint8), np.full((8, 8), 105, np.uint8)
    expected = db((40 * 1.608443) ** 2)
    assert psnr_hvs(a, b) == pytest.approx(expected, abs=1e-9)
    assert psnr_hvs_m(a, b) == pytest.approx(expected, abs=1e-9)


def test_masking_by_hand() -> None:
    """A block of one wave (u 0, v 2) of amplitude 80, against the same with 100, and with 40 of another wave (3, 3)."""
    a = block(c02=80.0)
    # Of that wave, whose half-period is one quarter, all of the variance is inside the quarters (each sees its mean).
    quarters = [a[i : i + 4, j : j + 4] for i in (0, 4) for j in (0, 4)]
    assert [q.mean() for q in quarters] == pytest.approx([128.0] * 4)
    spread = 80.0**2
    evenness = (spread * 16 / 15) / (spread * 64 / 63)
    for b, changed, larger in ((block(c02=100.0), (0, 2), 100.0), (block(c02=80.0, c33=40.0), (3, 3), None)):
        if larger:
            hidden = math.sqrt(larger**2 * 1.0 * evenness) / 32
            difference = 20.0
        else:  # the wave (3, 3) adds to the energy and the spread of the second block
            within = sum(np.var(b[i : i + 4, j : j + 4]) * 16 * 16 / 15 for i in (0, 4) for j in (0, 4))
            even = within / ((80.0**2 + 40.0**2) * 64 / 63)
            hidden = math.sqrt(max(80.0**2 * evenness, (80.0**2 + 40.0**2 * 0.118906) * even)) / 32
            difference = 40.0
        weight = {(0, 2): 2.573509, (3, 3): 0.887417}[changed]
        mask = {(0, 2): 1.0, (3, 3): 0.118906}[changed]
        seen = max(difference - hidden / mask, 0.0)
        assert psnr_hvs(a, b, peak=255) == pytest.approx(db((difference * weight) ** 2), abs=1e-9)
        expected = db((seen * weight) ** 2) if seen else math.inf
        assert psnr_hvs_m(a, b, peak=255) == pytest.approx(expected, abs=1e-9)
    # Hidden altogether; what is left is rounding in the DC coefficient, which nothing masks.
    assert psnr_hvs_m(a, block(c02=80.0, c66=5.0), peak=255) > 250


def test_an_edge_hides_less_than_texture() -> None:
    """The same energy as a step between the halves: the quarters are flat, so nothing is masked."""
    step = np.full((8, 8), 100.0)
    step[:, 4:] = 180.0
    error = block(c33=6.0) - 128
    assert psnr_hvs_m(step, step + error, peak=255) < psnr_hvs_m(block(c02=320.0), block(c02=320.0) + error, peak=255)


def test_pinned(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    name, a, b = distorted
    assert psnr_hvs(a, b) == pytest.approx(PINNED[name][0], abs=1e-8)
    assert psnr_hvs_m(a, b) == pytest.approx(PINNED[name][1], abs=1e-8)


def test_against_psnr_hvsm(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    if importlib.util.find_spec("psnr_hvsm") is None:
        pytest.skip("psnr-hvsm is not installed")
    reference = pytest.importorskip("psnr_hvsm._psnr_hvsm")
    _, a, b = distorted
    for plane in ((a[..., 0], b[..., 0]), (a @ [0.299, 0.587, 0.114], b @ [0.299, 0.587, 0.114])):
        expected = reference.psnr_hvs_hvsm(*(np.ascontiguousarray(p / 255.0) for p in plane))
        assert (psnr_hvs(*plane, peak=255), psnr_hvs_m(*plane, peak=255)) == pytest.approx(expected, abs=1e-9)


def test_what_they_must_obey(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    _, a, b = distorted
    for function in (psnr_hvs, psnr_hvs_m):
        assert function(a, a) == math.inf
        assert function(b, a) == pytest.approx(function(a, b), abs=1e-9)
        # Rows and columns that fill no block do not count.
        assert function(a[:165, :199], b[:165, :199]) == pytest.approx(function(a[:160, :192], b[:160, :192]), abs=1e-9)
        wide = [picture.astype(np.uint16) * 257 for picture in (a, b)]
        assert function(*wide) == pytest.approx(function(a, b), abs=1e-9)
    assert psnr_hvs_m(a, b) >= psnr_hvs(a, b)


def test_white_noise_keeps_its_psnr() -> None:
    """The weights have a mean square of 1."""
    noise = np.random.default_rng(0).normal(0, 4, (256, 256))
    flat = np.full((256, 256), 128.0)
    assert psnr_hvs(flat, flat + noise, peak=255) == pytest.approx(10 * math.log10(255**2 / np.mean(noise**2)), abs=0.2)


def test_refusals(scene: Callable[..., np.ndarray]) -> None:
    a = scene(7, 30)
    with pytest.raises(InvalidInputError, match="at least 8 pixels, not 30x7"):
        psnr_hvs_m(a, a)
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        psnr_hvs(a, a[1:])
    with pytest.raises(InvalidInputError, match="gray and RGB"):
        psnr_hvs(scene(16, 16)[..., :2], scene(16, 16)[..., :2])
