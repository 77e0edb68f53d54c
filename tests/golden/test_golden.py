"""Golden files: what was written once decodes to the same numbers for ever.

The integers must match exactly. The pixels of a lossy codec come out of a float network and may differ by one grey
level from the stored picture on another machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.catalogue import system
from latentpress.codecs import get_codec
from latentpress.container import varint
from latentpress.image import read

from .make_golden import entry_of, read_index

HERE = Path(__file__).parent
GOLDEN = read_index()


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_a_golden_file_decodes_to_the_same(name: str) -> None:
    data = (HERE / name).read_bytes()
    image = latentpress.decompress(data)
    codec = get_codec(GOLDEN[name]["codec"])
    assert entry_of(codec, data, image) == GOLDEN[name]
    if not codec.lossless:
        stored = read((HERE / name).with_suffix(".png")).pixels
        assert np.abs(image.pixels.astype(int) - stored).max() <= 1


def test_the_index_names_every_file() -> None:
    assert {path.name for path in HERE.glob("*.lpx")} == set(GOLDEN)
    lossy = {Path(name).stem for name, entry in GOLDEN.items() if not get_codec(entry["codec"]).lossless}
    assert {path.stem for path in HERE.glob("*.png")} == lossy


def test_every_model_of_every_codec_has_golden_files() -> None:
    rows = [row for row in latentpress.list_codecs() if row.number < 255]
    models = {(row.id, model) for row in rows for model in row.models or ([] if system(row.id).model else [""])}
    assert models - {(entry["codec"], entry["model"]) for entry in GOLDEN.values()} == set()


def test_all_methods_of_lossless_tiles_are_there() -> None:
    files = [
        (HERE / name).read_bytes() for name, entry in GOLDEN.items() if entry["codec"] in ("mlp-lossless", "lc-fdnet")
    ]
    methods = {method for data in files for method in latentpress.inspect(data).facts["method"].split(", ")}
    assert {method.split()[0] for method in methods} >= {"networks", "sub-images", "adaptive", "LZMA", "one"}
    drawn = {"networks for drawings", "adaptive prediction for drawings", "networks for drawings with mixing"}
    assert drawn <= methods


def test_both_kinds_of_alpha_are_there() -> None:
    """As WebP, which all files had at first, and predicted."""
    begins = {}
    for name in ("cut", "soft"):
        _, chunks = container.read((HERE / f"lossless-alpha-{name}.lpx").read_bytes())
        payload = next(chunk.payload for chunk in chunks if chunk.kind == container.ALPHA)
        begins[name] = payload[varint.decode(memoryview(payload), 0)[1]]
    assert begins == {"cut": ord("R"), "soft": 0}
