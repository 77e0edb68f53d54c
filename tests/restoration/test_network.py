"""Running a restorer: tiles, phases, gray, strength; with random weights, so that every pixel changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.models import ModelPackage, package_digest
from latentpress.restoration import Restorer, standard_quantisation

Photo = NDArray[np.uint8]
Q20 = standard_quantisation(20)


@pytest.fixture(scope="module")
def restorer(random_package: Path) -> Restorer:
    return Restorer(str(random_package), threads=1)


def test_tiles_leave_no_seam(restorer: Restorer, photo: Photo) -> None:
    pixels = np.ascontiguousarray(photo[:250, :199])
    whole = restorer.restore(pixels, Q20, tile=1024)
    assert np.abs(whole.astype(int) - pixels).mean() > 1
    for tile in (16, 48, 128):
        tiled = restorer.restore(pixels, Q20, tile=tile)
        assert np.abs(tiled.astype(int) - whole).max() <= 1
        assert (tiled == whole).mean() > 0.999


@pytest.mark.parametrize("size", [(1, 1), (7, 13), (16, 16), (33, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size(restorer: Restorer, photo: Photo, size: tuple[int, int], channels: int) -> None:
    pixels = np.ascontiguousarray(photo[: size[0], : size[1], :channels])
    result = restorer.restore(pixels, Q20)
    assert result.shape == pixels.shape
    assert result.dtype == np.uint8


def test_phase_is_that_of_the_blocks(restorer: Restorer, photo: Photo) -> None:
    """Away from the borders, a picture that begins inside a block gives what it gives as part of the whole one."""
    whole = restorer.restore(photo, Q20)
    cut = restorer.restore(np.ascontiguousarray(photo[19:, 22:]), Q20, phase=(13, 10))
    same = slice(128 - 19, 140), slice(128 - 22, 140)
    assert np.array_equal(cut[same], whole[19:, 22:][same])
    wrong = restorer.restore(np.ascontiguousarray(photo[19:, 22:]), Q20)
    assert not np.array_equal(wrong[same], whole[19:, 22:][same])


def test_strength_is_the_share_of_the_correction(restorer: Restorer, photo: Photo) -> None:
    full, half, none = (restorer.restore(photo, Q20, strength=s).astype(int) for s in (1.0, 0.5, 0.0))
    assert np.array_equal(none, photo)
    unclipped = (full > 0) & (full < 255)
    assert np.abs(half - (full + photo) / 2)[unclipped].max() <= 1


def test_the_quantisation_matters(restorer: Restorer, photo: Photo) -> None:
    coarse, fine = (restorer.restore(photo, standard_quantisation(q)).astype(int) - photo for q in (10, 80))
    assert np.abs(coarse).mean() > 2 * np.abs(fine).mean() > 0


def test_engines_agree(random_package: Path, photo: Photo) -> None:
    results = [Restorer(str(random_package), engine=engine).restore(photo, Q20) for engine in ("onnx", "torch")]
    assert np.abs(results[0].astype(int) - results[1]).max() <= 1


def test_bad_packages(random_package: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="not installed"):
        Restorer("no-such-model")
    broken = tmp_path / "broken"
    shutil.copytree(random_package, broken)
    card = json.loads((broken / "card.json").read_text())
    del card["config"]["margin"]
    card["sha256"] = package_digest("restore", card["config"], ModelPackage(random_package).files).hex()
    (broken / "card.json").write_text(json.dumps(card))
    with pytest.raises(CorruptFileError, match="no restorer"):
        Restorer(str(broken))
    (broken / "restorer.onnx").write_bytes(b"damage")
    with pytest.raises(CorruptFileError):
        Restorer(str(broken))
