"""Whole files: every mode comes back exactly, engines agree, damage is found, bounds hold."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import latentpress
from latentpress import container
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.image import Image, Metadata
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec

METADATA = Metadata(b"a profile" * 40, b"MM\0*\0\0\0\x08\0\0", b"<xmp/>")


@pytest.fixture(scope="module")
def codec() -> MlpLosslessCodec:
    return MlpLosslessCodec(threads=1)


@pytest.fixture(scope="module")
def small(photograph: Image) -> Image:
    return Image(photograph.pixels[:40, :56].copy())


def test_hidden_colours_are_kept(codec: MlpLosslessCodec) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 9, 4)).astype(np.uint8)
    pixels[:, :, 3] = 0
    assert codec.decode(codec.encode(Image(pixels))) == Image(pixels)


def test_public_functions(small: Image) -> None:
    data = latentpress.compress(small, lossless=True)
    assert latentpress.decompress(data) == small
    assert latentpress.inspect(data).codec == "mlp-lossless"
    assert latentpress.inspect(data).model_name == "mlp-lossless-2"
    near = latentpress.compress(small, max_error=3)
    assert len(near) < len(data)
    assert latentpress.inspect(near).rate == 3
    assert np.abs(latentpress.decompress(near).pixels.astype(int) - small.pixels).max() <= 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lossless": True, "quality": 50}, "no quality"),
        ({"max_error": 2, "bpp": 1.0}, "no bpp"),
        ({"lossless": True, "codec": "hyperprior"}, "not what hyperprior does"),
        ({"max_error": 9}, "0 to 8"),
    ],
)
def test_refused_settings(small: Image, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        latentpress.compress(small, **settings)


def test_smaller_than_png(codec: MlpLosslessCodec, photograph: Image) -> None:
    """By far, on a photograph, although the picture is small; and networks beat adaptive prediction alone."""
    part = Image(photograph.pixels[:96, :128].copy())
    png = io.BytesIO()
    PillowImage.fromarray(part.pixels).save(png, "PNG", optimize=True)
    data = codec.encode(part)
    assert len(data) < 0.75 * len(png.getvalue())
    assert codec.methods(data) == ["networks"]
    plain = MlpLosslessCodec(network=False).encode(part)
    assert len(data) < len(plain)
    assert not container.read(plain)[0].has_model
    assert codec.decode(plain) == part


def test_tiles_and_regions(codec: MlpLosslessCodec, make: Any) -> None:
    image = make(6, 3100, 1, 8)
    data = codec.encode(image)
    assert len(codec.methods(data)) == 3
    assert MlpLosslessCodec(threads=2).decode(data) == image
    for region in (
        latentpress.Region(1020, 2, 40, 3),
        latentpress.Region(3099, 5, 1, 1),
        latentpress.Region(0, 0, 5, 6),
    ):
        part = codec.decode_region(data, region).pixels
        assert np.array_equal(part, image.pixels[region.rows, region.columns])


def test_a_stream_of_the_wrong_shape_is_refused(codec: MlpLosslessCodec, make: Any) -> None:
    """Past the container's checksums: tiles that are missing, empty, or of another picture."""
    header, chunks = container.read(codec.encode(make(4, 3100, 1, 8)))
    good = chunks[0].payload
    for payload in (b"", b"\xff\xff\x03", good[:3], good[4:]):
        with pytest.raises(CorruptFileError):
            codec.decode(container.write(header, [container.Chunk(container.STREAM, payload)]))
    with pytest.raises(CorruptFileError, match="2"):
        codec.decode(container.write(header, [chunks[0], chunks[0]]))


def test_wrong_bounds_are_refused() -> None:
    for wrong in (-1, 9, 1.5, True):
        with pytest.raises(InvalidInputError, match="largest error"):
            MlpLosslessCodec(max_error=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("more", [{}, {"max_error": 1}])
def test_effort_is_never_larger(small: Image, more: dict[str, Any]) -> None:
    """At 2 by other planes, at 3 by another codec; whoever wrote it reads the file, and so does everybody."""
    codecs = [MlpLosslessCodec(threads=1, effort=effort, **more) for effort in (1, 2, 3)]
    # colours for which differences from green are the better planes
    odd = Image(np.stack([small.pixels[:, :, 1], small.pixels[:, :, 1], small.pixels[:, :, 2]], axis=2))
    for image in (small, odd):
        files = [codec.encode(image) for codec in codecs]
        sizes = [len(data) for data in files]
        assert sizes == sorted(sizes, reverse=True)
        for codec, data in zip(codecs, files, strict=True):
            back = codec.decode(data)
            assert back == latentpress.decompress(data)
            assert np.abs(back.pixels.astype(int) - image.pixels).max() <= more.get("max_error", 0)
    assert min(sizes) == len(files[2]) <= len(codecs[0]._rival().encode(odd))


def test_effort_is_checked_and_leaves_files_as_they_are(small: Image) -> None:
    for wrong in (0, 10, True, 1.5):
        with pytest.raises(InvalidInputError, match="effort"):
            MlpLosslessCodec(effort=wrong)  # type: ignore[arg-type]
    buffer = io.BytesIO()
    small.to_pillow().save(buffer, "JPEG")
    kept = latentpress.compress(buffer.getvalue(), lossless=True, effort=3)
    assert latentpress.inspect(kept).codec == "jpeg"
