"""The page's decoder, run by Node.js, against the library: the same integers, the same pixels within one level."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs.registry import get_codec
from latentpress.container import STREAM, Chunk

from .conftest import GOLDEN

Decode = Callable[..., str]


def test_integers_are_equal_and_pixels_within_a_level(decode: Decode, streams: Path, tmp_path: Path) -> None:
    files = [*sorted(GOLDEN.glob("hyperprior-*.lpx")), *sorted(streams.glob("*.lpx"))]
    answers = [json.loads(line) for line in decode(tmp_path, *files).splitlines()]
    assert [answer["file"] for answer in answers] == [path.name for path in files]
    codec = get_codec("hyperprior")
    for path, answer in zip(files, answers, strict=True):
        data = path.read_bytes()
        assert answer.get("exact") == codec.exact(data).hex(), path.name
        ours, theirs = latentpress.decompress(data), latentpress.read_image(tmp_path / f"{path.stem}.png")
        if ours.bit_depth > 8:
            ours = ours.to_depth(16)
        assert theirs.pixels.shape == ours.pixels.shape
        level = 1 if ours.bit_depth == 8 else 2**16 // (2 ** latentpress.inspect(data).bit_depth)
        assert np.abs(theirs.pixels.astype(int) - ours.pixels).max() <= level, path.name
        assert theirs.metadata == ours.metadata


def damage(data: bytes, seed: int) -> bytes:
    """A file whose checksums are right and whose symbols are wrong."""
    rng = np.random.default_rng(seed)
    header, chunks = container.read(data)
    made = []
    for chunk in chunks:
        payload = bytearray(chunk.payload)
        if chunk.kind == STREAM:
            payload[rng.integers(len(payload))] ^= 1 << rng.integers(8)
            payload = payload[: len(payload) - rng.integers(2)] or payload
        made.append(Chunk(chunk.kind, bytes(payload), chunk.ancillary))
    return container.write(header, made)


def test_damage_is_noticed(decode: Decode, tmp_path: Path) -> None:
    whole = (GOLDEN / "hyperprior-3-rgb-63x65-q30.lpx").read_bytes()
    wrong = {f"symbols-{seed}": damage(whole, seed) for seed in range(30)}
    wrong |= {f"cut-{length}": whole[:length] for length in (0, 5, 12, 20, 60, len(whole) - 1)}
    wrong |= {f"bit-{i}": whole[:i] + bytes([whole[i] ^ 16]) + whole[i + 1 :] for i in range(0, len(whole), 9)}
    wrong["longer"] = whole + b"\1"
    for name, data in wrong.items():
        (tmp_path / f"{name}.lpx").write_bytes(data)
    files = sorted(tmp_path.glob("*.lpx"))
    for line in decode(tmp_path / "out", *files).splitlines():
        assert json.loads(line).get("error"), line


@pytest.mark.parametrize(("name", "codec"), [("importance-map-1-rgb-63x65-q30", 4), ("toderici-1-rgb-63x65-q65", 7)])
def test_what_it_does_not_read_is_named(decode: Decode, tmp_path: Path, name: str, codec: int) -> None:
    reason = json.loads(decode(tmp_path, GOLDEN / f"{name}.lpx"))["error"]
    assert f"codec number {codec}: install LatentPress" in reason
