"""Golden files of the lossless codecs: what was written once decodes to the same pixels for ever, on every engine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import latentpress
from latentpress import container
from latentpress.codecs import get_codec
from latentpress.container import varint

HERE = Path(__file__).parent
GOLDEN: dict[str, dict[str, Any]] = json.loads((HERE / "lossless.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_pixels_are_exact(name: str) -> None:
    data = (HERE / name).read_bytes()
    image = latentpress.decompress(data)
    assert list(image.pixels.shape) == GOLDEN[name]["shape"]
    samples = image.pixels.astype("u1" if image.bit_depth == 8 else "<u2")
    assert hashlib.sha256(samples.tobytes()).hexdigest() == GOLDEN[name]["sha256"]
    assert latentpress.inspect(data).facts["method"].split(", ") == GOLDEN[name]["methods"]


def test_all_methods_are_there() -> None:
    methods = {method for entry in GOLDEN.values() for method in entry["methods"]}
    assert {method.split()[0] for method in methods} >= {"networks", "sub-images", "adaptive", "LZMA", "one"}
    assert {"networks for drawings", "adaptive prediction for drawings"} <= methods


def test_both_kinds_of_alpha_are_there() -> None:
    """As WebP, which all files had at first, and predicted."""
    begins = {}
    for name in ("cut", "soft"):
        _, chunks = container.read((HERE / f"lossless-alpha-{name}.lpx").read_bytes())
        payload = next(chunk.payload for chunk in chunks if chunk.kind == container.ALPHA)
        begins[name] = payload[varint.decode(memoryview(payload), 0)[1]]
    assert begins == {"cut": ord("R"), "soft": 0}


@pytest.mark.parametrize("name", ["lossless-photo.lpx", "lc-fdnet-photo.lpx"])
def test_torch_reads_the_same(name: str) -> None:
    pytest.importorskip("torch")
    data = (HERE / name).read_bytes()
    codec = get_codec(latentpress.inspect(data).codec, engine="torch", dtype="float64")
    assert codec.decode(data) == latentpress.decompress(data)
