"""The page's decoder, run by Node.js, against the library: the same integers, the same pixels within one level."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import latentpress
from latentpress import container
from latentpress.codecs.alpha import decode_alpha
from latentpress.codecs.lossless.colours import Colours
from latentpress.codecs.lossless.model import PlainModel
from latentpress.codecs.lossless.ranks import used_values
from latentpress.codecs.lossless.tiles import Method, TileCoder, _bytes_of, _compress, method_of
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.codecs.registry import get_codec
from latentpress.codecs.webp import encode_webp
from latentpress.container import STREAM, Chunk, varint

from ..conftest import EXAMPLE
from .conftest import CONFORMANCE, GOLDEN, NODE, WEB, png

Decode = Callable[..., str]

needs_node = pytest.mark.skipif(NODE is None, reason="needs Node.js")


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


@needs_node
def test_lossless_webp_is_read_exactly(tmp_path: Path) -> None:
    """Alpha planes of many kinds, against Pillow's libwebp: transforms, palettes, caches, codes that vary in space."""
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
    cases: list[list[Any]] = []
    for number, plane in enumerate(planes):
        (tmp_path / f"{number}.webp").write_bytes(encode_webp(plane[:, :, None]))
        cases.append([str(tmp_path / f"{number}.webp"), *plane.shape, hashlib.sha256(plane.tobytes()).hexdigest()])
    planes_are_read("grayOf(bytes, height, width)", "webp.js", cases, tmp_path)


def smooth(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A soft mask with grain, 0..1."""
    y, x = np.mgrid[:height, :width]
    wave = 0.5 + 0.3 * np.sin(x / 17 + 0.3) * np.cos(y / 23)
    return np.clip(wave + rng.normal(0, 0.02, wave.shape), 0, 1)


@needs_node
def test_predicted_alpha_is_read_exactly(tmp_path: Path) -> None:
    """Every method that a plane of alpha may be coded with, of one lane and of several, of 8 bits and more."""
    rng, cases, methods = np.random.default_rng(0), [], set()
    drawn = np.repeat(np.repeat(rng.integers(0, 200, (15, 20)), 5, 0), 5, 1)
    drawn[rng.random(drawn.shape) < 0.03] += 20
    sparse = (smooth(40, 50, rng) * 40).astype(np.uint16) * 1500
    repeats = np.tile(rng.integers(0, 2**16, (7, 32)), (6, 3))
    planes = [
        (8, smooth(40, 61, rng) * 255),
        (8, smooth(1, 50, rng) * 255),
        (8, smooth(195, 20, rng) * 255),  # lanes of unequal heights
        (8, drawn),
        (8, (smooth(50, 64, rng) * 16) * 15),  # few values
        (8, np.where(smooth(64, 64, rng) > 0.5, rng.integers(0, 256, (64, 64)), 0)),
        (16, smooth(50, 60, rng) * 65535),
        (16, sparse),
        (16, repeats),
        (12, smooth(33, 48, rng) * 4095),
    ]
    for number, (depth, exact) in enumerate(planes):
        plane = exact.astype(np.uint8 if depth == 8 else np.uint16)
        tiles = {*(alpha_tile(plane, depth, method) for method in (Method.ADAPTIVE, Method.ADAPTIVE_DRAWN))}
        tiles |= {lzma_tile(plane, method) for method in (Method.STRINGS, Method.STRINGS_LEFT, Method.STRINGS_UP)}
        for tile in tiles:
            payload = varint.encode(1 + len(tile)) + b"\0" + tile
            assert np.array_equal(decode_alpha(payload, *plane.shape, depth), plane)
            methods.add(method_of(tile))
            path = tmp_path / f"{number}-{len(cases)}.bin"
            path.write_bytes(payload)
            digest = hashlib.sha256(plane.tobytes()).hexdigest()
            cases.append([str(path), *plane.shape, digest, depth])
    assert len(methods) >= 5
    planes_are_read("await alphaOf(bytes, { width, height, depth })", "alpha.js", cases, tmp_path)


def alpha_tile(plane: NDArray[Any], depth: int, method: Method) -> bytes:
    coder = TileCoder(depth, 1, 0, {method: WaveCoder(PlainModel(), method is Method.ADAPTIVE_DRAWN)}, verify=False)
    tile, _ = coder._walked(plane[:, :, None], method, Colours.GRAY, used_values(plane, depth)[0])
    return tile


def lzma_tile(plane: NDArray[Any], method: Method) -> bytes:
    samples = plane[:, :, None]
    coder = TileCoder(8 if plane.dtype == np.uint8 else 16, 1, 0, {})
    return coder._pack(method, Colours.GRAY, samples, _compress(_bytes_of(samples, method)))


def planes_are_read(call: str, module: str, cases: list[list[Any]], tmp_path: Path) -> None:
    """Run a function of the page's source over files: path, height, width, digest, and depth, its names."""
    script = tmp_path / "check.mjs"
    script.write_text(f"""
    import * as source from {json.dumps((WEB / "src" / module).as_uri())};
    import {{ readFileSync }} from "node:fs";
    import {{ createHash }} from "node:crypto";
    const {{ {call.removeprefix("await ").partition("(")[0]} }} = source;
    for (const [path, height, width, digest, depth] of {json.dumps(cases)}) {{
      const bytes = new Uint8Array(readFileSync(path));
      const plane = {call};
      if (createHash("sha256").update(plane).digest("hex") !== digest) throw new Error(path);
    }}""")
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
