"""Networks that work strip by strip: all strips together are the whole; and graphs that are read and written."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.engine import ENGINES, load
from latentpress.engine.graph import Graph
from latentpress.engine.strips import END, Strips, in_strips
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.models import find_model

MIX = np.array([[0, 0, 0.25, 0.75, 0, 0, 0, 0]], np.float32)
RANDOM = np.random.default_rng(5)


def network(name: str, model: str = "hyperprior-3") -> bytes:
    return find_model("hyperprior", name=model).network(name)


def rows_of(name: str, height: int, width: int) -> np.ndarray:
    """Values of so many latents, or the pixels of as many."""
    if name == "synthesis":
        return RANDOM.integers(-3, 4, (1, 384, height, width)).astype(np.float32)
    return RANDOM.integers(0, 256, (1, 3, 16 * height, 16 * width)).astype(np.float32)


def worked(strips: Strips, rows: np.ndarray, height: int, engine: str = "onnx") -> list[np.ndarray]:
    """What comes out, strip by strip of so many rows."""
    run = load(strips.graph, engine)
    kept, found, top = strips.before(rows.shape[3]), [], 0
    while top < rows.shape[2]:
        stop = min(top + (height if top else max(height, strips.least)), rows.shape[2])
        end = np.array([stop == rows.shape[2]], np.float32)
        given = np.ascontiguousarray(rows[:, :, top:stop])
        results = run(**{strips.input: given, END: end, **kept})
        kept = {one.input: results[one.output] for one in strips.kept}
        found.append(results[strips.output])
        top = stop
    return found


@pytest.mark.parametrize("name", ["analysis", "synthesis"])
@pytest.mark.parametrize(("height", "width", "strip"), [(23, 3, 1), (31, 5, 8), (12, 4, 100), (2, 3, 1)])
def test_strips_are_the_whole(name: str, height: int, width: int, strip: int) -> None:
    graph, rows = network(name), rows_of(name, height, width)
    strips = in_strips(graph, {"mix": MIX})
    unit = 1 if name == "synthesis" else 16
    found = worked(strips, rows, strip * unit)
    whole = load(graph)(**{strips.input: rows, "mix": MIX})[strips.output]
    assert sum(part.shape[2] for part in found) == whole.shape[2] == height * unit * strips.ratio
    assert found[-1].shape[2] > strips.delay or len(found) == 1  # the last one brings what was late
    assert np.abs(np.concatenate(found, axis=2) - whole).max() < 2e-3


def test_strips_on_torch() -> None:
    rows, strips = rows_of("synthesis", 14, 3), in_strips(network("synthesis"), {"mix": MIX})
    onnx, torch = (np.concatenate(worked(strips, rows, 2, engine), axis=2) for engine in ENGINES)
    assert np.abs(onnx - torch).max() < 2e-3


def test_what_is_far_away_does_not_matter() -> None:
    """The strip that is being worked on is all that is in memory: its rows and, for each layer, two rows more."""
    strips = in_strips(network("synthesis"), {"mix": MIX})
    kept = sum(array.nbytes for array in strips.before(100).values())
    layers = [one for one in strips.kept if one.first]
    assert len(layers) == 12
    assert {one.first for one in layers} == {1}
    assert kept < 12 * 256 * 200 * 4


def test_layers_that_do_not_work_in_strips_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="in strips"):
        in_strips(network("hyper_synthesis"), {})


@pytest.mark.parametrize("name", ["analysis", "synthesis", "hyper_analysis"])
def test_a_graph_is_written_as_it_was_read(name: str) -> None:
    graph = network(name)
    one, two = load(graph), load(Graph(graph).write())
    inputs = {"latents": RANDOM.normal(size=(1, 384, 8, 8)).astype(np.float32)}
    if name != "hyper_analysis":
        inputs = {"x" if name == "analysis" else "values": rows_of(name, 3, 2), "mix": MIX}
    for array, again in zip(one(**inputs).values(), two(**inputs).values(), strict=True):
        assert np.array_equal(array, again)


@pytest.mark.parametrize("damage", [b"", b"\x3a\xff\xff\xff\xff\x0f", b"no graph at all", b"\x3a\x04\x0a\x02\x22\x07"])
def test_damaged_graphs(damage: bytes) -> None:
    with pytest.raises(CorruptFileError):
        Graph(damage)
