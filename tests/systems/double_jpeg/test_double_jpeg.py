"""The detector of double JPEG compression: its features, its estimate of the first quality, its verdict on files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner

from latentpress.apps.cli import app
from latentpress.errors import LatentPressError
from latentpress.image import read
from latentpress.restoration.tables import standard_tables
from latentpress.systems.double_jpeg.detector import examine
from latentpress.systems.double_jpeg.features import FEATURES, transitions
from latentpress.systems.double_jpeg.first import first_quality

EXAMPLE = Path(__file__).parents[3] / "examples" / "macaws.png"


@pytest.fixture(scope="module")
def large() -> np.ndarray:
    return read(EXAMPLE).pixels[:384, :512].copy()


def saved(pixels: np.ndarray, quality: int, **more: object) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=quality, **more)
    return buffer.getvalue()


def again(pixels: np.ndarray, quality: int) -> np.ndarray:
    return np.asarray(PillowImage.open(io.BytesIO(saved(pixels, quality))))


def test_features_are_transition_probabilities() -> None:
    levels = np.random.default_rng(0).integers(-9, 10, (3, 4, 8, 8)).astype(np.int16)
    found = transitions(levels).reshape(4, 9, 9)
    assert found.size == FEATURES
    assert np.allclose(found.sum(axis=2), 1)
    plane = np.abs(levels).swapaxes(1, 2).reshape(24, 32).astype(int)
    for index, (down, across) in enumerate(((0, 1), (1, 0), (1, 1), (1, -1))):
        counts = np.zeros((9, 9))
        for y in range(24 - 2 * down):
            for x in range(32):
                if 0 <= x + 2 * across < 32:
                    a, b, c = (plane[y + k * down, x + k * across] for k in range(3))
                    counts[np.clip(a - b, -4, 4) + 4, np.clip(b - c, -4, 4) + 4] += 1
        assert np.allclose(found[index], counts / counts.sum(axis=1, keepdims=True), atol=1e-6)


def test_coefficients_without_a_file_are_those_of_the_file(large: np.ndarray) -> None:
    pytest.importorskip("torch")
    from latentpress.codecs.jpeg import read_jpeg
    from latentpress.systems.double_jpeg.detector import luma_of
    from latentpress.systems.double_jpeg.training import luma_levels

    same = luma_levels(large, 85) == luma_of(read_jpeg(saved(large, 85)))
    assert same.mean() > 0.99


@pytest.mark.parametrize(("first", "second"), [(40, 60), (60, 75), (70, 95), (85, 95)])
def test_files_compressed_twice(large: np.ndarray, first: int, second: int) -> None:
    past = examine(saved(again(large, first), second))
    assert past.twice
    assert past.first_quality is not None
    assert abs(past.first_quality - first) <= 1
    assert past.offset == (0, 0)
    assert past.words.startswith(f"compressed twice, first at about quality {past.first_quality}")


@pytest.mark.parametrize("quality", [50, 75, 90, 97])
def test_files_compressed_once(large: np.ndarray, quality: int) -> None:
    past = examine(saved(large, quality, progressive=True))
    assert (past.twice, past.first_quality, past.quality, past.kind) == (False, None, quality, "progressive")
    assert past.score is not None
    assert past.score < 0


def test_a_first_grid_that_lies_elsewhere(large: np.ndarray) -> None:
    cut = np.ascontiguousarray(again(large, 50)[3:, 5:])
    past = examine(saved(cut, 95))
    assert (past.twice, past.offset) == (True, (5, 3))
    assert abs((past.first_quality or 0) - 50) <= 2
    assert past.words.endswith("5 rows and 3 columns off this grid")


def test_the_likelihood_is_highest_for_the_first_quality(large: np.ndarray) -> None:
    pytest.importorskip("torch")
    from latentpress.systems.double_jpeg.training import luma_levels

    steps = standard_tables(90)[0]
    quality, gain = first_quality(luma_levels(again(large, 65), 90), steps)
    assert quality == 65
    assert gain > 0.3
    assert first_quality(luma_levels(large, 90), steps)[1] < 0.06


def test_small_gray_and_damaged_files(large: np.ndarray) -> None:
    past = examine(saved(large[:64, :64, 1], 80))
    assert (past.twice, past.components, past.subsampling) == (None, 1, "4:0:0")
    assert "cannot be told" in past.words
    data = saved(large[:64, :64], 80)
    with pytest.raises(LatentPressError):
        examine(data[: len(data) // 2])


def test_inspect_shows_the_past(large: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "twice.jpg"
    path.write_bytes(saved(again(large, 60), 90))
    done = CliRunner().invoke(app, ["inspect", str(path)])
    assert done.exit_code == 0
    for part in ("JPEG, baseline, subsampling 4:2:0", "512 x 384, RGB", "compressed twice, first at about quality 60"):
        assert part in done.stdout
    done = CliRunner().invoke(app, ["inspect", str(path), "--json"])
    assert '"twice": true' in done.stdout
    done = CliRunner().invoke(app, ["inspect", str(path), "--verify"])
    assert (done.exit_code, done.stdout) == (2, "")
