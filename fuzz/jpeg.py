"""Random changes of JPEG files of every kind: ``python fuzz/jpeg.py [COUNT] [SEED]`` (500 changes unasked).

Anything but a picture or a LatentPressError stops the run, with the file that did it in ``crash.jpg``. Not collected by
pytest.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from latentpress.codecs.jpeg import CutJpegWarning, decode_jpeg, decode_lossless, encode_jpeg, encode_lossless
from latentpress.errors import LatentPressError


def samples() -> list[bytes]:
    """Files of every kind."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:70, :90]
    waves = 128 + 60 * np.sin(x * y / 90)[..., None] * [1, 0.7, -0.4, 0.2] + rng.normal(0, 8, (70, 90, 4))
    pixels = np.clip(waves, 0, 255).astype(np.uint8)
    files = [
        encode_jpeg(pixels[:, :, :channels], 80, progressive=progressive, arithmetic=arithmetic, restart=restart)
        for channels in (1, 3, 4)
        for progressive in (False, True)
        for arithmetic in (False, True)
        for restart in (0, 3)
    ]
    return [*files, *(encode_lossless(pixels[:, :, :3], predictor, restart=4) for predictor in (1, 6))]


def changed(data: bytes, rng: np.random.Generator) -> bytes:
    """With a few bytes replaced, taken out or put in, or cut off."""
    found = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        place, kind = int(rng.integers(2, len(found))), rng.integers(4)
        if kind == 0:
            found[place] = rng.integers(256)
        elif kind == 1:
            found[place] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            del found[place : place + int(rng.integers(1, 9))]
        else:
            found[place:place] = rng.bytes(int(rng.integers(1, 9)))
    return bytes(found[: rng.integers(4, len(found))] if rng.random() < 0.2 else found)


def main(count: int = 500, seed: int = 0) -> None:
    rng, files, outcomes = np.random.default_rng(seed), samples(), Counter[str]()
    for number in range(count):
        data = changed(files[number % len(files)], rng)
        for decode in (decode_jpeg, decode_lossless):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    decode(data)
                outcomes["picture"] += 1
            except (LatentPressError, CutJpegWarning) as error:
                outcomes[type(error).__name__] += 1
            except BaseException:
                Path("crash.jpg").write_bytes(data)
                raise
    print(dict(outcomes))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
