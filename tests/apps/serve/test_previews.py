"""Previews: sizes that are kept to, options of codecs, quicker settings, and what the page is told about coders."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image as PillowImage

from latentpress.apps.serve.inputs import ParameterError
from latentpress.apps.serve.offers import describe
from latentpress.apps.serve.previews import Wish, preview
from latentpress.bench.coders import available
from latentpress.image import Image


@pytest.mark.parametrize("codec", ["hyperprior", "jpeg-420", "webp"])
def test_a_size_is_not_exceeded(crop: Image, codec: str) -> None:
    found = preview(crop, Wish(codec, size=4000))
    assert 3400 < found["bytes"] <= 4000
    assert len(base64.b64decode(found["file"])) == found["bytes"]


def test_a_file_of_another_format_is_one(crop: Image) -> None:
    for codec, format in (("webp", "WEBP"), ("avif-444", "AVIF"), ("png", "PNG")):
        found = preview(crop, Wish(codec))
        assert found["suffix"] == f".{format.lower()}"
        with PillowImage.open(io.BytesIO(base64.b64decode(found["file"]))) as picture:
            assert (picture.format, picture.size) == (format, (256, 192))


def test_options_of_a_codec(crop: Image) -> None:
    tuned = preview(crop, Wish("hyperprior", quality=50, options={"tune": "ms-ssim"}))
    assert tuned["metrics"]["psnr"] < preview(crop, Wish("hyperprior", quality=50))["metrics"]["psnr"]
    plain, painted = (preview(crop, Wish("hyperprior", options=options)) for options in ({}, {"look": 1.0}))
    assert painted["file"] == plain["file"]
    assert painted["picture"] != plain["picture"]
    near = preview(Image(crop.pixels[:40, :56].copy()), Wish("mlp-lossless", options={"max_error": 2}))
    assert near["lossless"]
    assert not near["identical"]
    for wish, reason in (
        (Wish("webp", options={"effort": 2}), "webp takes no effort"),
        (Wish("hyperprior", options={"max_error": 1}), "hyperprior takes no max_error"),
        (Wish("hyperprior", options={"preview": True, "look": 0.5}), "preview goes with no look"),
        (Wish("factorised", options={"look": 0.5}), "no painter 'sharp' for files of the model factorised-1"),
        (Wish("hyperprior", options={"tune": "colour"}), "tune must be one of"),
        (Wish("hyperprior", quality=1, size=5), "give quality or size"),
    ):
        with pytest.raises(ParameterError, match=reason):
            preview(crop, wish)


def test_a_comparison_that_takes_long_is_made_quicker(crop: Image) -> None:
    patient = preview(crop, Wish("avif-444", bpp=0.5, within=1e6))
    assert (patient["codec"], patient["quicker"]) == ("avif-444", "")
    quick = preview(crop, Wish("avif-444", bpp=0.5, within=1e-6))
    assert quick["codec"] == "avif-444-s6-default"
    assert "avif-444 would take about" in quick["quicker"]


def test_coders_have_plain_names() -> None:
    rows = {row["id"]: row for row in describe(available().values())}
    assert (rows["avif-444"]["name"], rows["avif-444"]["plain"], rows["avif-420"]["plain"]) == ("AVIF", True, False)
    assert (rows["hyperprior"]["name"], rows["hyperprior"]["group"]) == ("LatentPress", "LatentPress")
    assert rows["hyperprior"]["regions"]
    assert {"effort", "tune", "preview", "look"} <= set(rows["hyperprior"]["takes"])
    assert "look" not in rows["factorised"]["takes"]
    assert rows["mlp-lossless"]["takes"] == ["effort", "max_error"]
    assert rows["png"]["group"] == "Lossless formats"
    assert all(row["name"] for row in rows.values())
