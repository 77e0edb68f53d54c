"""Coded networks restore to the last byte, whatever their weights look like, and damage is noticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentpress.entropy.huffman import decode_lanes, encode_lanes
from latentpress.errors import CorruptFileError
from latentpress.models import ModelPackage
from latentpress.models.coded import CODED, coded_network, decoded_network

PackageMaker = Callable[..., Path]


def weights(seed: int = 0) -> dict[str, bytes]:
    """Weights of every kind: bytes, sparse ones with long gaps, halves, noise, none at all."""
    rng = np.random.default_rng(seed)
    small = np.clip(np.rint(rng.laplace(0, 4, 3000)), -127, 127).astype(np.int8)
    sparse = np.where(rng.random(5000) < 0.01, rng.integers(1, 200, 5000), 0).astype(np.uint8)
    return {
        "bytes": small.tobytes(),
        "sparse": sparse.tobytes(),
        "empty": np.zeros(2000, np.uint8).tobytes(),
        "halves": (rng.normal(0, 0.1, 1500)).astype(np.float16).tobytes(),
        "noise": rng.bytes(1501),
    }


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 3000])
def test_lanes_come_back(count: int) -> None:
    symbols = np.random.default_rng(count).geometric(0.3, count).clip(0, 30).astype(np.uint8)
    assert np.array_equal(decode_lanes(encode_lanes(symbols, 31), count, 31), symbols)


def test_a_network_comes_back_in_fewer_bytes() -> None:
    parts = weights()
    graph, places = b"head", []
    for name, content in parts.items():
        places.append((len(graph) + len(name), len(content)))
        graph += name.encode() + content
    graph += b"tail"
    coded = coded_network(graph, places)
    assert decoded_network(coded) == graph
    assert len(coded) < 0.6 * len(graph)


def test_sparse_weights_take_the_bits_of_those_that_are_left() -> None:
    content = weights()["sparse"]
    assert len(coded_network(content, [(0, len(content))])) < 0.09 * len(content)


def test_a_coded_package_is_the_same_model(make_package: PackageMaker, tmp_path: Path) -> None:
    content = weights()["bytes"]
    plain = ModelPackage(make_package(tmp_path / "plain", files={"one.onnx": content}))
    folder = make_package(tmp_path / "coded", files={"one.onnx": content})
    (folder / "one.onnx").unlink()
    (folder / f"one.onnx{CODED}").write_bytes(coded_network(content, [(0, len(content))]))
    coded = ModelPackage(folder)
    assert coded.files == plain.files
    assert coded.id == plain.id


def test_damage_is_told_and_nothing_else_comes_out(make_package: PackageMaker, tmp_path: Path) -> None:
    content = b"".join(weights().values())
    coded = coded_network(content, [(0, 3000), (3000, 5000), (10000, 3000)])
    rng = np.random.default_rng(1)
    whole = 0
    for number in range(60):
        broken = bytearray(coded[: rng.integers(len(coded))] if number % 3 == 0 else coded)
        for _ in range(number % 3):
            broken[rng.integers(len(broken))] ^= 1 << int(rng.integers(8))
        try:
            whole += decoded_network(bytes(broken)) == content
        except CorruptFileError:
            continue
    assert whole < 4  # a bit that belongs to nothing, at most
    folder = make_package(tmp_path / "mine", files={"one.onnx": content})
    (folder / f"one.onnx{CODED}").write_bytes(coded[:-5])
    with pytest.raises(CorruptFileError):
        ModelPackage(folder).network("one")
