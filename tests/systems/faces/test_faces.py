"""Faces: the generator, thin plates, landmarks found and given, files smaller than JPEG 2000's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress.codecs.targets import psnr_of
from latentpress.container import CutFileWarning, keep_layers
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.systems.faces.codec import FacesCodec
from latentpress.systems.faces.drawing import SIDE, Face, face
from latentpress.systems.faces.layout import FRAME, LANDMARKS
from latentpress.systems.faces.warp import Warp, rows_of, sampled


@pytest.fixture(scope="module")
def drawn() -> Face:
    """A face that the model was not fitted on."""
    return face(np.random.default_rng(123_456))


@pytest.fixture(scope="module")
def codec() -> FacesCodec:
    try:
        find_model("faces", name="faces-1")
    except UnsupportedError:
        pytest.skip("the package faces-1 is not installed")
    return FacesCodec(threads=1)


def test_faces_are_drawn_again_and_differ(drawn: Face) -> None:
    again = face(np.random.default_rng(123_456))
    assert np.array_equal(drawn.pixels, again.pixels)
    assert drawn.landmarks.shape == (LANDMARKS, 2)
    other = face(np.random.default_rng(1))
    assert 0 < np.abs(drawn.landmarks - other.landmarks).max() < 0.5
    eyes = drawn.landmarks[22:30]  # the whites are the brightest about
    x, y = np.rint(SIDE * eyes[0:4].mean(axis=0)).astype(int)
    assert drawn.pixels[y - 6 : y + 7, x - 12 : x + 13].std() > 20


def test_thin_plates_meet_their_points_and_leave_the_border() -> None:
    rng = np.random.default_rng(0)
    source = rng.uniform(0.2, 0.8, (10, 2))
    target = source + rng.normal(0, 0.02, source.shape)
    warp = Warp(source, target)
    assert np.abs(warp(source) - target).max() < 2e-3
    assert np.abs(warp(FRAME) - FRAME).max() < 2e-3
    same = [places for _, places in rows_of(Warp(source, source), 300, 40)]
    plane = rng.uniform(0, 255, (1, 300, 40)).astype(np.float32)
    assert np.abs(sampled(plane, np.concatenate(same)) - plane).max() < 1e-2
    assert np.isfinite(Warp(source[[0] * 10], target).grid()).all()  # points that coincide


def test_a_face_takes_a_hundred_bytes_and_more_buy_more(codec: FacesCodec, drawn: Face) -> None:
    image = Image(drawn.pixels)
    files = [codec.encode(image, quality) for quality in (0, 19, 40)]
    errors = [psnr_of(image, codec.decode(data)) for data in files]
    assert errors == sorted(errors)
    assert errors[1] > 22
    assert len(files[1]) < 200
    assert latentpress.inspect(files[1]).facts["face"] == f"{LANDMARKS} landmarks and a texture"
    with pytest.warns(CutFileWarning):
        cut = codec.decode(files[2][:-1])  # the rest is lost, the face is not
    assert cut == codec.decode(keep_layers(files[2], 1))
    assert psnr_of(image, cut) > 22


def test_landmarks_are_found(codec: FacesCodec, drawn: Face) -> None:
    off = np.linalg.norm(codec.landmarks_in(Image(drawn.pixels)) - drawn.landmarks, axis=1) * SIDE
    assert off.mean() < 5


def test_a_photograph_is_no_face(codec: FacesCodec, photograph: Image) -> None:
    data = codec.encode(photograph, 10)
    assert latentpress.inspect(data).facts["face"] == "none found"
    plain = latentpress.get_codec("hyperprior", threads=1).encode(photograph, 10)
    assert len(plain) < len(data) < len(plain) + 40


def test_landmarks_may_be_given(codec: FacesCodec, drawn: Face, tmp_path: Path) -> None:
    points = (SIDE * drawn.landmarks).tolist()
    file = tmp_path / "points.json"
    file.write_text(json.dumps(points))
    image = Image(drawn.pixels)
    assert FacesCodec(landmarks=points).encode(image, 5) == FacesCodec(landmarks=str(file)).encode(image, 5)
    far = (np.array(points) + 10_000).tolist()
    for wrong in (points[:-1], "nowhere.json", [["a", 1]] * LANDMARKS, far, [[float("nan"), 1]] * LANDMARKS):
        with pytest.raises(InvalidInputError, match="landmarks"):
            FacesCodec(landmarks=wrong).encode(image, 5)


def test_differences_that_do_not_fit_are_halved(codec: FacesCodec, drawn: Face) -> None:
    strange = drawn.pixels.copy()
    strange[80:140, 60:200] = np.random.default_rng(0).integers(0, 2, (60, 140, 1)) * 255  # noise on a face
    given = FacesCodec(landmarks=(SIDE * drawn.landmarks).tolist(), threads=1)
    assert psnr_of(Image(strange), given.decode(given.encode(Image(strange), 100))) > 30
