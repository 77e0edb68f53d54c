"""The page's decoder, run by Node.js, against the library: the same integers, the same pixels within one level."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.codecs.registry import get_codec
from latentpress.codecs.webp import encode_webp
from latentpress.container import STREAM, Chunk

from ..conftest import EXAMPLE
from .conftest import CONFORMANCE, GOLDEN, NODE, WEB, png

Decode = Callable[..., str]


def test_integers_are_equal_and_pixels_within_a_level(decode: Decode, streams: Path, tmp_path: Path) -> None:
    set_ = (*CONFORMANCE.glob("hyperprior-*.lpx"), CONFORMANCE / "ancillary-chunk.lpx")
    files = [*sorted(GOLDEN.glob("hyperprior-*.lpx")), *sorted(set_), *sorted(streams.glob("*.lpx"))]
    answers = [json.loads(line) for line in decode(tmp_path, *files).splitlines()]
    assert [answer["file"] for answer in answers] == [path.name for path in files]
    codec = get_codec("hyperprior")
    for path, answer in zip(files, answers, strict=True):
        data = path.read_bytes()
        assert answer.get("exact") == codec.exact(data).hex(), (path.name, answer)
        ours = latentpress.decompress(data)
        pixels, metadata = png(tmp_path / f"{path.stem}.png", ours.bit_depth > 8)
        level = 2 ** (16 - ours.bit_depth) if ours.bit_depth > 8 else 1
        if ours.bit_depth > 8:
            ours = ours.to_depth(16)
        assert pixels.shape == ours.pixels.shape
        assert np.abs(pixels.astype(int) - ours.pixels).max() <= level, path.name
        if ours.has_alpha:
            assert np.array_equal(pixels[:, :, -1], ours.pixels[:, :, -1]), path.name
        assert metadata == (ours.metadata.icc, ours.metadata.exif, ours.metadata.xmp), path.name


def test_what_a_decoder_must_refuse_is_refused(decode: Decode, tmp_path: Path) -> None:
    files = sorted(CONFORMANCE.glob("refuse-*.lpx"))
    answers = decode(tmp_path, *files).splitlines()
    assert len(answers) == len(files) > 3
    assert all(json.loads(answer).get("error") for answer in answers)


def test_lossless_webp_is_read_exactly(tmp_path: Path) -> None:
    """Alpha planes of many kinds, against Pillow's libwebp: transforms, palettes, caches, codes that vary in space."""
    if NODE is None:
        pytest.skip("needs Node.js")
    rng = np.random.default_rng(0)
    planes = [latentpress.read_image(EXAMPLE).pixels[100:300, 50:303, 1]]
    for i in range(15):
        height, width = rng.integers(1, 90, 2)
        colours = rng.integers(0, 256, rng.choice([2, 3, 9, 16, 40, 256])).astype(np.uint8)
        planes.append(colours[rng.integers(0, colours.size, (height, width))])
        planes.append(np.kron(rng.integers(0, 256, (11, 11)), np.ones((9, 9)))[:height, :width].astype(np.uint8))
        y, x = np.mgrid[:height, :width]
        smooth = 128 + 60 * np.sin(x / (3 + i)) + y + rng.normal(0, i % 4, (height, width))
        planes.append(np.clip(smooth, 0, 255).astype(np.uint8))
    cases = []
    for number, plane in enumerate(planes):
        (tmp_path / f"{number}.webp").write_bytes(encode_webp(plane[:, :, None]))
        cases.append([str(tmp_path / f"{number}.webp"), *plane.shape, hashlib.sha256(plane.tobytes()).hexdigest()])
    program = f"""
    import {{ grayOf }} from {json.dumps((WEB / "src" / "webp.js").as_uri())};
    import {{ readFileSync }} from "node:fs";
    import {{ createHash }} from "node:crypto";
    for (const [path, height, width, digest] of {json.dumps(cases)}) {{
      const plane = grayOf(new Uint8Array(readFileSync(path)), height, width);
      if (createHash("sha256").update(plane).digest("hex") !== digest) throw new Error(path);
    }}"""
    script = tmp_path / "check.mjs"
    script.write_text(program)
    done = subprocess.run([str(NODE), str(script)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


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
