"""What every codec of the catalogue does. A system has tests of its own only for what is special to it."""

from __future__ import annotations

import importlib.util
import inspect
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress import container
from latentpress.catalogue import NUMBERS, system, systems
from latentpress.codecs import get_codec, tiles
from latentpress.codecs.base import Codec, Region
from latentpress.container import EXIF, LAYER, MOSAIC, Chunk, CutFileWarning
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, LimitError, UnsupportedError
from latentpress.image import Image, Metadata
from latentpress.models import find_model

CODECS = [one.id for one in systems() if one.codec]
PICTURES = {  # height, width, channels, depth
    "gray 1x1": (1, 1, 1, 8),
    "rgb 7x13": (13, 7, 3, 8),
    "gray 65x1": (1, 65, 1, 10),
    "rgba 63x65": (65, 63, 4, 8),
    "deep rgb 33x17": (17, 33, 3, 16),
    "deep gray and alpha 20x3": (3, 20, 2, 16),
}
METADATA = Metadata(b"a profile" * 40, b"MM\0*\0\0\0\x08\0\0", b"<xmp/>")
ENGINES = ({"threads": 2}, {"engine": "torch"}, {"engine": "torch", "dtype": "float64"})
FREE = {"agustsson": 0.25}
"""RMS of full scale, of codecs that make up what a few codes leave open; of the others it is below a tenth."""

PAINTING = {"painter", "look"}  # not of the files: a configuration has them where they are chosen
Make = Callable[..., Image]


@pytest.fixture(scope="module", params=CODECS)
def codec(request: pytest.FixtureRequest) -> Codec:
    """Each codec with its default model, on one thread. Only without the zoo may one be missing."""
    one = system(request.param)
    if one.model:
        try:
            find_model(one.packages or one.id, name=one.model)
        except UnsupportedError:
            if importlib.util.find_spec("latentpress_zoo"):
                raise
            pytest.skip(f"the package {one.model} is not installed")
    return _on_one_thread(one.id)


def _on_one_thread(id: str, **settings: Any) -> Codec:
    single = {"threads": 1} if "threads" in system(id).load(system(id).codec).takes else {}
    return get_codec(id, **(single | settings))


@pytest.fixture(scope="module")
def scene(photograph: Image) -> Image:
    """A part of a photograph, 56 wide and 40 high."""
    return Image(photograph.pixels[60:100, 100:156].copy())


@pytest.fixture(scope="module")
def file(codec: Codec, scene: Image) -> bytes:
    """The scene as a file."""
    return codec.encode(scene, 50)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tiles of 4 latents."""
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    return


def _apart(one: Image, two: Image) -> int:
    """Largest difference of samples."""
    return int(np.abs(one.pixels.astype(int) - two.pixels).max())


def _rms(one: Image, two: Image) -> float:
    """Error of the colours, of full scale 1, where they are seen."""
    seen = one.pixels[:, :, -1] > 0 if one.has_alpha else np.ones(one.pixels.shape[:2], bool)
    error = (one.pixels.astype(float) - two.pixels)[seen][:, : one.channels - one.has_alpha]
    return float(np.sqrt(np.mean(error**2))) / one.peak if error.size else 0.0


# What comes back.


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_come_back(codec: Codec, make: Make, name: str) -> None:
    image = make(*PICTURES[name]).with_metadata(METADATA)
    back = codec.decode(codec.encode(image, 90))
    assert (back.width, back.height, back.mode, back.bit_depth) == (
        image.width,
        image.height,
        image.mode,
        image.bit_depth,
    )
    assert back.pixels.dtype == image.pixels.dtype
    assert back.metadata == METADATA
    if image.has_alpha:
        assert np.array_equal(back.pixels[:, :, -1], image.pixels[:, :, -1])
    assert back == image if codec.lossless else _rms(image, back) < FREE.get(codec.id, 0.1)


def test_noise_and_constants_come_back(codec: Codec) -> None:
    noise = np.random.default_rng(0).integers(0, 2, (21, 34, 3)).astype(np.uint8) * 255
    for pixels in (noise, np.zeros((17, 5, 3), np.uint8), np.full((5, 40, 1), 255, np.uint8)):
        back = codec.decode(codec.encode(Image(pixels), 100))
        assert back == Image(pixels) if codec.lossless else back.pixels.shape == pixels.shape


def test_quality_buys_fidelity_with_bytes(codec: Codec, scene: Image) -> None:
    if codec.lossless:
        small = Image(scene.pixels[:9, :9].copy())
        assert codec.encode(small, 0) == codec.encode(small, 100)
        return
    files = [codec.encode(scene, quality) for quality in (5, 50, 95)]
    assert len({codec.exact(data) for data in files}) == 3
    sizes, errors = [len(data) for data in files], [_rms(scene, codec.decode(data)) for data in files]
    assert sizes == sorted(set(sizes))
    assert errors == sorted(set(errors), reverse=True)


def test_same_file_every_time(codec: Codec, scene: Image, file: bytes) -> None:
    again = type(codec).from_config(codec.config())
    assert codec.encode(scene, 50) == again.encode(scene, 50) == file


def test_the_public_functions_know_the_file(codec: Codec, scene: Image, file: bytes) -> None:
    info = latentpress.inspect(file)
    assert (info.codec, info.width, info.height) == (codec.id, scene.width, scene.height)
    assert latentpress.decompress(file) == codec.decode(file)
    assert not info.facts or all(isinstance(value, str) and value for value in info.facts.values())


def test_parts_are_those_of_the_whole(codec: Codec, photograph: Image, small_tiles: None) -> None:
    alpha = np.indices((80, 72)).sum(axis=0).astype(np.uint8)
    image = Image(np.dstack([photograph.pixels[60:140, 100:172], alpha]), metadata=METADATA)
    data = codec.encode(image, 40)
    whole = codec.decode(data)
    for region in (Region(0, 0, 72, 80), Region(71, 79, 1, 1), Region(3, 63, 66, 2)):
        part = codec.decode_region(data, region)
        wanted = Image(np.ascontiguousarray(whole.pixels[region.rows, region.columns]))
        assert _apart(part, wanted) <= (0 if codec.lossless else 1)
        assert np.array_equal(part.pixels[..., 3], wanted.pixels[..., 3])
        assert part.metadata == METADATA
    for wrong in ((-1, 0, 5, 5), (0, 0, 0, 5), (66, 0, 7, 5), (0, 78, 5, 3)):
        with pytest.raises(InvalidInputError, match="does not lie"):
            codec.decode_region(data, Region(*wrong))


# The exactness contract.


@pytest.mark.parametrize("settings", ENGINES, ids=str)
def test_every_engine_reads_the_same(codec: Codec, scene: Image, file: bytes, settings: dict[str, Any]) -> None:
    if not set(settings) <= codec.takes:
        return
    if "engine" in settings:
        pytest.importorskip("torch")
        pytest.importorskip("onnx")
    other = get_codec(codec.id, **settings)
    assert other.exact(file) == codec.exact(file)
    if not codec.lossless:
        assert _apart(other.decode(file), codec.decode(file)) <= 1
    for quality in (100,) if codec.lossless else (0, 100):
        written = other.encode(scene, quality)
        assert codec.exact(written) == other.exact(written)


# Settings.


def test_a_codec_is_its_configuration(codec: Codec) -> None:
    config = codec.config()
    assert set(config) <= codec.takes
    assert codec.takes - set(config) <= PAINTING
    assert set(config) | PAINTING >= {
        name for name, one in inspect.signature(type(codec)).parameters.items() if one.kind != one.VAR_KEYWORD
    }
    again = type(codec).from_config(config)
    assert again == codec == eval(repr(codec), {type(codec).__name__: type(codec)}) == pickle.loads(pickle.dumps(codec))
    assert hash(again) == hash(codec)
    if "threads" in codec.takes:
        assert get_codec(codec.id, threads=3) != codec
    with pytest.raises(InvalidInputError, match="no setting 'colour'"):
        get_codec(codec.id, colour="blue")
    with pytest.raises((TypeError, InvalidInputError), match="colour"):
        type(codec)(colour="blue")


@pytest.mark.parametrize("quality", [-1, 100.5, float("nan"), True, "50", None])
def test_bad_qualities_are_refused(codec: Codec, scene: Image, quality: Any) -> None:
    with pytest.raises(InvalidInputError, match="quality"):
        codec.encode(scene, quality)


def test_it_is_listed(codec: Codec) -> None:
    row = next(row for row in latentpress.list_codecs() if row.id == codec.id)
    assert (row.problem, row.number, row.lossless) == ("", codec.number, codec.lossless)
    assert NUMBERS[codec.number] == codec.id
    assert 20 < len(row.description) < 140
    assert not system(codec.id).model or system(codec.id).model in row.models


# Damage.


def _same_or_refused(codec: Codec, data: bytes, exact: bytes) -> bool:
    """Whether a damaged file is refused; if not it must hold the same integers, only padding was hit."""
    try:
        found = codec.exact(data)
    except (LatentPressError, CutFileWarning):  # a wrong length looks like a cut
        return True
    assert found == exact
    return False


def test_damaged_files_are_refused(codec: Codec, make: Make) -> None:
    data = codec.encode(make(5, 8, 4, 8), 50)
    exact = codec.exact(data)
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        assert _same_or_refused(codec, bytes(damaged), exact), place


def test_damage_behind_right_checksums_is_found(codec: Codec, scene: Image) -> None:
    data = codec.encode(Image(scene.pixels[:12, :16].copy()), 50)
    (header, chunks), exact = container.read(data, layered=True), codec.exact(data)
    rng, refused = np.random.default_rng(0), 0
    for trial in range(40):
        number = trial % len(chunks)
        payload = bytearray(chunks[number].payload)
        for _ in range(1 + trial % 3):
            payload[rng.integers(len(payload))] ^= 1 << rng.integers(8)
        changed = replace(chunks[number], payload=bytes(payload))
        bad = container.write(header, [*chunks[:number], changed, *chunks[number + 1 :]])
        refused += _same_or_refused(codec, bad, exact)
    assert refused > 30
    for payload in (b"", rng.bytes(3), rng.bytes(300), bytes(chunks[-1].payload) + b"\1" * 12):
        assert _same_or_refused(
            codec, container.write(header, [*chunks[:-1], replace(chunks[-1], payload=payload)]), exact
        )


def test_files_that_break_the_rules_are_refused(codec: Codec, file: bytes) -> None:
    header, chunks = container.read(file, layered=True)
    other = next(number for number in NUMBERS if number != codec.number)
    cases: list[tuple[Any, list[Chunk], type[LatentPressError]]] = [
        (replace(header, codec=other), chunks, UnsupportedError),
        (replace(header, rate=2**16 - 1), chunks, CorruptFileError),
        (replace(header, width=2**30, height=2**30), chunks, LimitError),
        (replace(header, width=header.width - 33), chunks, CorruptFileError),
        (replace(header, height=header.height + 30), chunks, CorruptFileError),
        (replace(header, channels=4), chunks, CorruptFileError),
        (header, [Chunk(EXIF, b"", ancillary=True)], CorruptFileError),
        (header, [*chunks, chunks[-1]], CorruptFileError),
        (header, [Chunk(MOSAIC, b"\0\0"), *chunks], CorruptFileError),
    ]
    if header.has_model:
        cases.append((replace(header, model=b"\1" * 8), chunks, UnsupportedError))
    for head, parts, error in cases:
        if header.layered and sum(part.kind == LAYER for part in parts) != head.rate:
            continue  # no such file is written
        with pytest.raises(error):
            codec.decode(container.write(head, parts))
    with pytest.raises(UnsupportedError):
        get_codec(NUMBERS[other]).decode(file)


def test_every_cut_is_refused_or_told(codec: Codec, make: Make) -> None:
    """A file of layers that is cut after its header shows a picture, less well, and says so."""
    image = make(5, 8, 3, 8)
    data = codec.encode(image, 50)
    header = next(end for end in range(len(data)) if _has_header(data[:end]))
    for end in range(0, len(data), 1 + len(data) // 150):
        if end < header or not container.read_header(data).layered:
            with pytest.raises(LatentPressError):
                latentpress.decompress(data[:end])
            continue
        with pytest.warns(CutFileWarning):
            assert latentpress.decompress(data[:end]).pixels.shape == image.pixels.shape


def _has_header(data: bytes) -> bool:
    try:
        container.read_header(data)
    except CorruptFileError:
        return False
    return True
