"""Crops: a function of seed and step, taken from the pictures, mostly textured."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from latentpress.training.data import load_pictures, sample_crops, step_generator


def test_crops_depend_on_seed_and_step_alone(folder: Path) -> None:
    pictures = load_pictures(folder, 64)
    one = sample_crops(pictures, 3, 64, step_generator(5, 7))
    assert np.array_equal(one, sample_crops(pictures, 3, 64, step_generator(5, 7)))
    assert not np.array_equal(one, sample_crops(pictures, 3, 64, step_generator(5, 8)))
    assert not np.array_equal(one, sample_crops(pictures, 3, 64, step_generator(6, 7)))
    assert one.shape == (3, 3, 64, 64)


def test_upright_crops_are_mirrored_alone() -> None:
    y, x = np.mgrid[:80, :90].astype(np.uint8)
    picture = np.stack([y, x, 255 * (x % 2)], axis=2)
    crops = sample_crops([picture], 40, 64, np.random.default_rng(3), upright=True).astype(int)
    assert (np.diff(crops[:, 0], axis=1) == 1).all()
    steps = np.diff(crops[:, 1], axis=2)
    assert set(np.unique(steps)) == {-1, 1}
    turned = sample_crops([picture], 40, 64, np.random.default_rng(3)).astype(int)
    assert not (np.diff(turned[:, 0], axis=1) == 1).all()


def test_flat_pictures_are_drawn_less() -> None:
    rng = np.random.default_rng(0)
    flat = np.full((128, 128, 3), 90, np.uint8)
    busy = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    crops = sample_crops([flat, busy], 300, 64, np.random.default_rng(1))
    share = np.mean([c.std() < 1 for c in crops])
    assert 0.02 < share < 0.35


def test_small_and_unreadable_files_are_left_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.png").write_bytes((folder / "0.png").read_bytes())
    assert len(load_pictures(tmp_path, 64)) == 1
    assert len(load_pictures([tmp_path, folder], 64)) == 5
