"""Golden files: what was written once decodes to the same numbers for ever.

The values are integers and must match exactly. The pixels come out of a float network and may differ by one grey level
from the stored picture on another machine.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress.image import read
from latentpress.systems.hyperprior.codec import HyperpriorCodec

HERE = Path(__file__).parent
GOLDEN: dict[str, dict[str, Any]] = json.loads((HERE / "golden.json").read_text(encoding="utf-8"))


@pytest.fixture(params=sorted(GOLDEN))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_values_are_exact(name: str) -> None:
    header, _, decoding = HyperpriorCodec(threads=1).opened((HERE / name).read_bytes())
    values, package = decoding.tile(0), decoding.model.package
    assert np.array_equal(values.sixteenths / np.float32(16), values.values)
    assert hashlib.sha256(values.sixteenths.astype("<i4").tobytes()).hexdigest() == GOLDEN[name]["values_sha256"]
    assert (package.name, header.model.hex()) == (GOLDEN[name]["model"], GOLDEN[name]["id"])
    assert [header.height, header.width, header.channels] == GOLDEN[name]["shape"]


def test_pixels_are_those_of_the_stored_picture(name: str) -> None:
    pixels = latentpress.decompress((HERE / name).read_bytes()).pixels
    stored = read((HERE / name).with_suffix(".png")).pixels
    assert pixels.shape == stored.shape
    assert np.abs(pixels.astype(int) - stored).max() <= 1


def test_pixels_are_those_of_the_index(name: str) -> None:
    """Independent of any picture file: mean, and means over an 8x8 grid."""
    pixels = latentpress.decompress((HERE / name).read_bytes()).pixels
    assert abs(pixels.mean() - GOLDEN[name]["mean"]) <= 1
    found = [[pixels[_part(i, pixels.shape[0]), _part(j, pixels.shape[1])].mean() for j in range(8)] for i in range(8)]
    assert np.abs(np.array(found) - GOLDEN[name]["thumbnail"]).max() <= 1


def _part(i: int, size: int) -> slice:
    start = min(i * size // 8, size - 1)
    return slice(start, max(start + 1, (i + 1) * size // 8))


def test_index_names_every_file() -> None:
    assert {path.name for path in HERE.glob("hyperprior-*.lpx")} == set(GOLDEN)
    assert {path.stem for path in HERE.glob("hyperprior-*.png")} == {Path(name).stem for name in GOLDEN}


def test_every_shipped_model_has_golden_files() -> None:
    cards = Path(latentpress.__file__).parent.glob("models/*/card.json")
    shipped = {path.parent.name for path in cards if json.loads(path.read_text())["codec"] == "hyperprior"}
    assert shipped == {entry["model"] for entry in GOLDEN.values()}
