"""Codecs inside: each writes files that come back, and what cannot stand inside is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import features

from latentpress.codecs import get_codec
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.systems.comcnn.inner import decode


@pytest.mark.parametrize("inner", ["jpeg", "webp", "avif", "pca-blocks"])
def test_every_codec_may_stand_inside(inner: str, photograph: Image) -> None:
    if inner == "avif" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    for model in ("comcnn", *(["pca-blocks"] if inner == "pca-blocks" else [])):
        try:
            find_model(model)
        except Exception:
            pytest.skip("the zoo is not installed")
    codec = get_codec("comcnn", inner=inner, threads=1)
    small, large = codec.encode(photograph, 10), codec.encode(photograph, 60)
    assert len(small) < len(large)
    back = get_codec("comcnn").decode(large)  # the file says what is inside
    error = back.pixels.astype(float) - photograph.pixels
    assert np.sqrt(np.mean(error**2)) < 30
    assert get_codec("comcnn").exact(large) == codec.exact(large)


@pytest.mark.parametrize("inner", ["comcnn", "mlp-lossless"])
def test_what_cannot_stand_inside_is_refused(inner: str) -> None:
    with pytest.raises(InvalidInputError, match="inside"):
        get_codec("comcnn", inner=inner)
    with pytest.raises(UnsupportedError, match="no codec 'nothing'"):
        get_codec("comcnn", inner="nothing")


def test_other_files_inside_are_refused(photograph: Image) -> None:
    for choice in range(3):
        with pytest.raises(CorruptFileError):
            decode(b"no picture", choice, (8, 8), 64)
    inside = get_codec("spiht").encode(photograph, 20)
    with pytest.raises(CorruptFileError, match="another file"):
        decode(inside, 3, (8, 8), 64)
    with pytest.raises(CorruptFileError, match="another file"):
        decode(inside, 3, (photograph.height, photograph.width), get_codec("spiht").number)
