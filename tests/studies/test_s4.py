"""The studies of learning on JPEG's own data, on few pictures and steps."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

from latentpress.errors import InvalidInputError
from latentpress.restoration import Restorer
from latentpress.studies import (
    Request,
    s4_dct_dft,
    s4_deguerre,
    s4_double_jpeg,
    s4_perceptrons,
    s4_pistono,
    s4_resnet,
    s4_restoration,
    s4_ruihua,
    s4_wan,
    to_markdown,
)
from latentpress.studies.labelled import Labelled, clusters, digits, saved
from latentpress.systems.coefficient_classifier.net import NETWORKS
from latentpress.training.jpeg_levels import LEVELS


def few(seed: int) -> Labelled:
    data = digits(seed)
    return Labelled(data.words, 10, data.pictures[:80], data.labels[:80], data.test_pictures[:9], data.test_labels[:9])


def smooth(seed: int, side: int) -> np.ndarray:
    walk = np.cumsum(np.cumsum(np.random.default_rng(seed).normal(size=(side, side, 3)), 0), 1)
    return np.clip(128 + 40 * walk / walk.std(), 0, 255).astype(np.uint8)


def test_labelled_sets() -> None:
    one, same, other = digits(0), digits(0), digits(1)
    assert len(one.pictures) + len(one.test_pictures) == 1797
    assert np.array_equal(one.test_labels, same.test_labels)
    assert not np.array_equal(one.test_labels, other.test_labels)
    crops = clusters([smooth(seed, 64) for seed in range(6)], 40, 0, classes=3)
    assert crops.pictures.shape == (40, 32, 32, 3)
    assert len(crops.test_labels) == 20
    assert set(crops.labels.tolist()) == {0, 1, 2}
    with pytest.raises(InvalidInputError, match="at least 3 photographs"):
        clusters([smooth(0, 64)], 4, 0)
    assert all(data[:2] == b"\xff\xd8" for data in saved(crops.pictures[:2], 50))


def test_three_levels() -> None:
    result = s4_pistono.study({"digits": few}, (80,), (0, 1), 3, lambda _: None)
    assert len(result.data["trials"]) == 2 * (3 * len(NETWORKS) - 1)
    assert set(result.data["cnn_at_80"]) == set(LEVELS)
    assert len(result.tables[0].rows) == 3 * len(NETWORKS) - 1
    assert "digits, QF 80" in to_markdown(result)


def test_detection() -> None:
    result = s4_deguerre.study(20, 6, 2, (0,), lambda _: None)
    assert [one["reads"] for one in result.data["outcomes"]] == ["pixels", "DCT blocks"]
    assert result.data["speed_of_network"] > 0


def test_residual_network() -> None:
    (trial,) = s4_resnet.study(few, 3, (0,), lambda _: None).data["trials"]
    assert trial["largest_difference"] < 1e-4
    assert trial["ASM"][15] == trial["APX"][15] == trial["pixels"]


def test_consistency() -> None:
    result = s4_wan.study(few, (0,), 2, lambda _: None)
    assert set(result.data["accuracy"]) == set(s4_wan.WAYS)
    assert all(0 <= value <= 1 for (trial,) in result.data["accuracy"].values() for value in trial.values())


def test_cosines_and_exponentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s4_dct_dft, "_BLOCKS", (8,))
    monkeypatch.setattr(s4_dct_dft, "_THRESHOLDS", (1.0,))
    monkeypatch.setattr(s4_dct_dft, "_RATES", (1.0,))
    rough = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    result = s4_dct_dft.study([smooth(0, 64) // 2 + rough // 2], (5, 40), lambda _: None)
    curves = result.data["curves"]
    assert set(curves) == {"dct 8 1", "dft 8 1"}
    assert all(low[0] < high[0] and low[1] < high[1] for ((low, high),) in curves.values())
    assert result.tables[0].rows[0][4] != "-"


def test_perceptrons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s4_perceptrons, "_BLOCKS", 200)
    pictures = [smooth(seed, 64) for seed in range(3)]
    result = s4_perceptrons.study(pictures, [pictures[0][:60, :61, 0]], 2, (0,), lambda _: None)
    assert result.data["largest_gap_db"] < 1e-9
    assert {one["function"] for one in result.data["trials"]} == {"logistic", "tanh", "linear"}


def test_restoration() -> None:
    luma = s4_restoration.matlab_luma(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))
    assert luma.ravel().tolist() == [16, 235]
    result = s4_restoration.study({"one": smooth(0, 64)}, {"restore-1": Restorer(threads=1)}, (20,), Request())
    for kind in ("gray", "colour"):
        measured = result.data["measured"][kind]
        assert measured["restore-1"][20]["psnr"] > measured["JPEG"][20]["psnr"]


def test_double_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    from latentpress.systems.double_jpeg.detector import Detector

    monkeypatch.setattr(s4_double_jpeg, "_SIDE", 192)
    monkeypatch.setattr(s4_double_jpeg, "_SHIFTED", ((40, 90),))
    monkeypatch.setattr(s4_double_jpeg, "_FIRST", (50, 90))
    monkeypatch.setattr(s4_double_jpeg, "_SECOND", (75, 90))
    squares = [smooth(seed, 192) for seed in range(4)]
    result = s4_double_jpeg.study(squares[:2], squares[2:], Detector(), lambda _: None)
    assert set(result.data["balanced_accuracy"]) == {"50 then 75", "50 then 90", "90 then 75"}
    with pytest.raises(InvalidInputError, match="192x192"):
        s4_double_jpeg.study([], squares, Detector(), lambda _: None)


def test_gray_and_colour_are_measured_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s4_ruihua, "_CODECS", ("hific",))
    picture = np.repeat(smooth(3, 192)[:, :, :1], 3, axis=2)  # gray in either shape
    result = s4_ruihua.study([picture], (10, 60), lambda _: None)
    curves = result.data["curves"]["hific"]
    tinged, colour = curves["gray, as it comes"]["psnr"][0], curves["colour"]["psnr"][0]
    assert tinged == colour
    for (rate, better), (same, worse) in zip(curves["gray"]["psnr"][0], tinged, strict=True):
        assert rate == pytest.approx(same, rel=0.02)
        assert better >= worse - 0.01  # the mean of three colours is no further away
    assert "hific" in to_markdown(result)
