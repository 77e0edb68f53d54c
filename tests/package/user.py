"""A program as users write them, checked by mypy --strict against the package as it is installed, and run."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

import latentpress
import latentpress.pillow


def sizes(pixels: NDArray[np.uint8]) -> dict[float, int]:
    """Bytes by quality."""
    return {quality: len(latentpress.compress(pixels, quality)) for quality in (10.0, 50.0)}


def main() -> int:
    """Exercise the public face."""
    y, x = np.mgrid[:48, :64]
    pixels: NDArray[np.uint8] = np.stack([x * 4, y * 5, x + y], axis=-1).astype(np.uint8)
    assert sizes(pixels)[10.0] < sizes(pixels)[50.0]

    settings = latentpress.Settings(size=900)
    data: bytes = settings(latentpress.Image.from_array(pixels))
    assert len(data) <= 900
    image: latentpress.Image = latentpress.decompress(io.BytesIO(data))
    region = latentpress.Region(8, 8, 16, 16)
    part = latentpress.decompress(data, region)
    assert np.array_equal(part.pixels, image.pixels[8:24, 8:24])

    exact = latentpress.compress(PillowImage.fromarray(pixels), lossless=True)
    assert np.array_equal(latentpress.decompress(exact).pixels, pixels)
    info: latentpress.FileInfo = latentpress.inspect(exact)
    rates: list[float] = [info.bpp, 8 * info.file_bytes / (info.width * info.height)]
    assert rates[0] == rates[1]

    codec: latentpress.Codec = latentpress.get_codec("hyperprior", threads=1)
    assert codec.decode(codec.encode(image, 40.0)).width == 64
    found: list[latentpress.CodecInfo] = latentpress.list_codecs()
    assert "hyperprior" in [one.id for one in found]

    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "user.png"
    latentpress.write_image(image, target)
    frames: list[latentpress.Image] = list(latentpress.read_frames(target))
    assert frames == [latentpress.read_image(target)]
    try:
        latentpress.decompress(data[:-1])
    except latentpress.CorruptFileError as error:
        print(error)
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
