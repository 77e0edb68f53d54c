"""`Settings`: every wish is honoured or refused, however it is said."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress import Image, InvalidInputError, Settings, UnsupportedError, get_codec
from latentpress.codecs.registry import shared_codec


def test_settings_do_what_compress_does(rgb: Image) -> None:
    assert Settings(quality=30)(rgb) == latentpress.compress(rgb, 30) == get_codec("hyperprior").encode(rgb, 30)
    exact = Settings(lossless=True)
    assert exact.codec == "mlp-lossless"
    assert latentpress.decompress(exact(rgb)) == rgb
    near = latentpress.decompress(Settings(max_error=2)(rgb)).pixels.astype(int)
    assert 0 < np.abs(near - rgb.pixels).max() <= 2
    assert len(Settings(size=900)(rgb)) <= 900
    tuned = Settings.of(tune="ms-ssim", codec=None, bpp=None)
    assert tuned(rgb) == get_codec("hyperprior", tune="ms-ssim").encode(rgb) != Settings()(rgb)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"quality": 101}, "quality must be a number from 0 to 100"),
        ({"bpp": 0}, "bits a pixel must be a number above 0"),
        ({"quality": 5, "size": 300}, "give one of quality, size, not 2 of them"),
        ({"lossless": True, "quality": 5}, "lossless goes with no quality"),
        ({"codec": "mlp-lossless", "quality": 30}, "mlp-lossless is lossless: it goes with no quality"),
        ({"max_error": 2, "bpp": 1.0}, "max_error goes with no bpp"),
        ({"max_error": 9}, "largest error must be a whole number from 0 to 8"),
        ({"max_error": True}, "largest error must be a whole number"),
        ({"lossless": True, "max_error": 2}, "lossless goes with no max_error"),
        ({"lossless": True, "codec": "hyperprior"}, "lossless coding is not what hyperprior does"),
        ({"max_error": 2, "codec": "hyperprior"}, "'hyperprior' has no setting 'max_error'"),
        ({"lossless": True, "tune": "mse"}, "lossless goes with no tune"),
        ({"progressive": True, "tune": "mse"}, "progressive goes with no tune"),
        ({"progressive": True, "lossless": True}, "lossless goes with no progressive"),
        ({"codec": "factorised", "progressive": True}, "factorised makes no files of layers"),
        ({"codec": "mlp-lossless", "tune": "mse"}, "'mlp-lossless' has no setting 'tune'; codecs with it: hyperprior"),
        (
            {"mosaic": "RGGB"},
            r"'hyperprior' has no setting 'mosaic'; codecs with it: bai, l3c, lc-fdnet, mlp-lossless, rc; ",
        ),
        ({"codec": "importance-map", "tune": "mse"}, "'importance-map' has no setting 'tune'; codecs"),
        ({"effort": True}, "effort must be a whole number"),
        ({"effort": np.int64(3)}, "effort must be a whole number"),
        ({"codec": 3}, "a codec is named by a string, not int"),
        ({"qualty": 3}, "no setting 'qualty'"),
    ],
)
def test_what_is_refused_at_once(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as refused:
        Settings.of(**given)
    assert "\n" not in str(refused.value)
    with pytest.raises(InvalidInputError, match=message):
        latentpress.compress("no-such-picture.png", **given)


def test_a_codec_that_is_made_takes_no_more_settings(rgb: Image) -> None:
    codec = get_codec("mlp-lossless", network=False)
    assert latentpress.decompress(Settings(codec=codec, lossless=True)(rgb)) == rgb
    for given in ({"effort": 3}, {"max_error": 1}, {"mosaic": "RGGB"}, {"threads": 1}):
        with pytest.raises(InvalidInputError, match=f"{next(iter(given))} does not go with a codec that is made"):
            latentpress.compress(rgb, codec=codec, **given)
    with pytest.raises(InvalidInputError, match="lossless goes with no max_error"):
        latentpress.compress(rgb, codec=get_codec("mlp-lossless", max_error=1), lossless=True)
    with pytest.raises(UnsupportedError, match="no codec 'gif'"):
        Settings(codec="gif")


def test_regions_of_interest_are_honoured_or_refused(rgb: Image) -> None:
    assert Settings(quality=30)(rgb, [(0, 0, 20, 20)]) != Settings(quality=30)(rgb)
    with pytest.raises(InvalidInputError, match="mlp-lossless knows no regions of interest"):
        Settings(lossless=True)("no-such-picture.png", [(0, 0, 20, 20)])


@pytest.mark.parametrize("settings", [Settings.of(bpp=1.0, effort=2), Settings(codec=get_codec("lc-fdnet", threads=1))])
def test_a_value_that_travels(settings: Settings) -> None:
    there = pickle.loads(pickle.dumps(settings))
    assert there == settings
    assert hash(there) == hash(settings)
    assert there.coder() == settings.coder()


def test_threads_are_a_wish_of_the_caller_or_of_the_settings() -> None:
    assert Settings().coder(threads=3).config()["threads"] == 3
    assert Settings.of(threads=2).coder(threads=3).config()["threads"] == 2
    assert Settings.of(threads=2).described() == Settings.of(threads=5).described()


def test_codecs_are_shared_by_what_they_are_set_to() -> None:
    assert shared_codec("hyperprior", {}) is shared_codec("hyperprior", {})
    assert shared_codec("hyperprior", {}, 1) is shared_codec("hyperprior", {"threads": 1}, 2)
    assert shared_codec("hyperprior", {"effort": 2}) is not shared_codec("hyperprior", {})


def test_a_model_given_by_its_folder_is_at_hand_for_decoding(rgb: Image, own_model: Path) -> None:
    """Files name their model by an id, which only this folder has."""
    codec = get_codec("hyperprior", model=str(own_model))
    data = codec.encode(rgb)
    assert latentpress.decompress(data) == codec.decode(data)
    assert latentpress.compress(rgb, model=own_model) == data


def test_no_error_at_all_is_lossless(rgb: Image) -> None:
    scene = Image(rgb.pixels[:24, :32].copy())
    data = latentpress.compress(scene, max_error=0, threads=1)
    assert latentpress.decompress(data) == scene
    with pytest.raises(InvalidInputError, match="max_error"):
        latentpress.compress(scene, codec="hyperprior", max_error=0)
