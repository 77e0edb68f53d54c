"""The conformance set: this library passes it with both engines, and its runner finds what is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SET = Path(__file__).parents[2] / "conformance"
pytestmark = pytest.mark.filterwarnings("ignore")  # of a stream that was cut
INDEX = json.loads((SET / "conformance.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run() -> ModuleType:
    """The runner, which others use as a script."""
    sys.path.insert(0, str(SET))
    import run

    sys.path.pop(0)
    return run


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_every_stream_is_right_with_each_engine(run: ModuleType, engine: str) -> None:
    if engine == "torch":
        pytest.importorskip("torch")
        pytest.importorskip("onnx")
    names = [name for name in INDEX if engine == "onnx" or not name.startswith(("lossless", "jpeg", "refuse", "lc-"))]
    decode = run.own(engine)
    assert {name: wrong for name in names if (wrong := run.problem(name, INDEX[name], decode))} == {}


def test_a_decoder_that_is_a_command(run: ModuleType) -> None:
    decode = run.command(f"{sys.executable} -m latentpress decompress {{in}} {{out}} --quiet")
    for name in ("hyperprior-16-bit", "jpeg-420", "refuse-values"):
        assert run.problem(name, INDEX[name], decode) == "", name


def test_wrong_answers_are_found(run: ModuleType) -> None:
    own, name = run.own("onnx"), "hyperprior-q30"

    def worse(path: Path, entry: object) -> object:
        pixels = own(path, entry).copy()
        pixels[0, 0, 0] ^= 4
        return pixels

    assert "peak" in run.problem(name, INDEX[name], worse)
    assert run.problem("lossless-rgb", INDEX["lossless-rgb"], worse) == "other samples"
    assert run.problem(name, INDEX[name], lambda path, entry: None) == "refused"
    assert "not refused" in run.problem(
        "refuse-cut", INDEX["refuse-cut"], lambda path, entry: own(SET / f"{name}.lpx", {})
    )
    assert run.problem("jpeg-gray", INDEX["jpeg-gray"], lambda path, entry: b"") == "other bytes"


def test_the_index_names_every_file() -> None:
    streams = {path.stem for path in SET.glob("*.lpx")}
    references = {path.name for path in SET.iterdir() if path.suffix in (".png", ".ppm")}
    assert streams == set(INDEX)
    assert references == {entry["reference"] for entry in INDEX.values() if "reference" in entry}
