"""Speckle in training is that of the drawn scans."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from latentpress.parts.speckle import NUMBERS, speckled
from latentpress.studies.scans import drawn_scan


def test_a_clean_scan_becomes_one_like_the_drawn_one() -> None:
    scan = drawn_scan(4, 248, 320)
    clean, seen = (torch.from_numpy(plane).float()[None, None] for plane in (scan.clean, scan.seen))
    made = speckled(clean)
    assert torch.equal(made, speckled(clean))
    assert torch.equal(made, made.round())
    assert 0 <= made.min() <= made.max() <= 255
    for low, high in ((30, 50), (90, 120), (150, 200)):
        there = (clean >= low) & (clean < high)
        for figure in (torch.mean, torch.std):
            assert figure(made[there]).item() == pytest.approx(figure(seen[there]).item(), rel=0.02)


def test_speckle_may_be_weak() -> None:
    clean = torch.full((2, 1, 64, 64), 120.0)
    drawn = torch.rand(2, NUMBERS, 64, 64, generator=torch.Generator().manual_seed(1))
    none, half = speckled(clean, drawn, torch.tensor([0.0, 0.5])[:, None, None, None])
    assert none.std() < 2 < half.std()
    assert half.std().item() == pytest.approx(speckled(clean, drawn)[1].std().item() / 2, rel=0.15)
    assert speckled(clean, torch.zeros_like(drawn)).isfinite().all()  # a number in [0, 1) may be 0
