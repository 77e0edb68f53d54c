"""Progressive files of a model that has hardly been trained: cut anywhere, in tiles, with alpha; their contexts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import latentpress
from latentpress import CutFileWarning, Image, Metadata, container
from latentpress.apps.cli import app
from latentpress.codecs import tiles
from latentpress.codecs.base import Region
from latentpress.codecs.embedded import EmbeddedTables, code_layer, groups, plane_steps, tables_of
from latentpress.codecs.ports import Counting, Pricing, Reading, Writing
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.systems.toderici.codec import TodericiCodec

pytest.importorskip("torch")
pytest.importorskip("onnx")
from latentpress.training.export import export
from latentpress.training.run import train

RECIPE = Path(__file__).parents[1] / "systems" / "tiny" / "toderici.toml"
LAYERS = 5
Make = Callable[..., Image]


@pytest.fixture(scope="module")
def codec(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> TodericiCodec:
    """Trained for two steps."""
    place = tmp_path_factory.mktemp("toderici")
    checkpoint = train(RECIPE, folder, run=place / "run", max_steps=2, report=lambda line: None)
    export(checkpoint, place / "model", name="tiny", data=folder)
    return TodericiCodec(model=str(place / "model"), threads=1)


def _cut(codec: TodericiCodec, data: bytes) -> tuple[Image, str]:
    """The picture of a file, and the warning that comes with it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = codec.decode(data)
    return image, " ".join(str(one.message) for one in caught)


def test_every_cut_gives_the_whole_layers_and_says_so(codec: TodericiCodec, make: Make) -> None:
    image = make(24, 40, 4).with_metadata(Metadata(exif=b"MM\0*\0\0\0\x08\0\0"))
    data = codec.encode(image, 100)
    sizes = [chunk.bytes for chunk in latentpress.inspect(data).chunks if chunk.kind == container.LAYER]
    assert len(sizes) == LAYERS
    whole = [codec.decode(container.keep_layers(data, count)) for count in range(1, LAYERS + 1)]
    assert len({one.pixels.tobytes() for one in whole}) == LAYERS
    assert whole[-1] == codec.decode(data)
    seen = set()
    for end in range(len(data)):
        if end < 20:
            with pytest.raises(CorruptFileError):
                codec.decode(data[:end])
            continue
        found, told = _cut(codec, data[:end])
        count = latentpress.inspect(data[:end]).layers
        assert f"{count} of its {LAYERS} layers" in told
        if count:
            assert found == whole[count - 1]
        else:
            assert np.unique(found.pixels[..., :3]).tolist() == [128]
            assert found.pixels.shape == image.pixels.shape
        seen.add(count)
    assert seen == set(range(LAYERS))


def test_layers_are_better_and_better(codec: TodericiCodec, photograph: Image) -> None:
    data = codec.encode(photograph, 100)
    pictures = [codec.decode(container.keep_layers(data, n)).pixels.astype(float) for n in range(1, LAYERS + 1)]
    errors = [float(((one - photograph.pixels) ** 2).mean()) for one in pictures]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 4
    assert container.keep_layers(data, 3) == codec.encode(photograph, 50)


def test_tiles_and_regions(codec: TodericiCodec, photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    data = codec.encode(photograph, 75)
    _, chunks = container.read(data, layered=True)
    assert [chunk.kind for chunk in chunks] == [container.TILES] + [container.LAYER] * 4
    whole = codec.decode(data)
    for region in (Region(60, 60, 9, 9), Region(255, 191, 1, 1), Region(0, 0, 256, 70)):
        part = codec.decode_region(data, region).pixels.astype(int)
        assert np.abs(part - whole.pixels[region.rows, region.columns]).max() <= 1
    cut, told = _cut(codec, data[:-1])
    assert "3 of its 4 layers" in told
    assert cut == codec.decode(container.keep_layers(data, 3))
    for payload in (b"\0", b"\4\4", b"\x80\1"):
        head, parts = container.read(data, layered=True)
        with pytest.raises(CorruptFileError):
            codec.decode(container.write(head, [container.Chunk(container.TILES, payload), *parts[1:]]))


def test_adaptive_files_in_tiles(codec: TodericiCodec, photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    data = TodericiCodec(model=codec.config()["model"], adaptive=True).encode(photograph, 50)
    header, chunks = container.read(data, layered=True)
    assert [chunk.kind for chunk in chunks] == [container.TILES, container.INTEREST] + [container.LAYER] * header.rate
    whole = codec.decode(data)
    part = codec.decode_region(data, Region(60, 60, 70, 9)).pixels.astype(int)
    assert np.abs(part - whole.pixels[60:69, 60:130]).max() <= 1
    with pytest.raises(CorruptFileError, match="map before its layers"):
        codec.decode(container.write(header, [chunks[0], container.Chunk(container.INTEREST, b"\0"), *chunks[2:]]))
    with pytest.raises(CorruptFileError):  # layers read without their maps
        codec.decode(container.write(header, [chunks[0], *chunks[2:]]))


def test_a_file_of_another_kind_is_refused(codec: TodericiCodec, make: Make) -> None:
    data = codec.encode(make(16, 16), 0)
    header, chunks = container.read(data, layered=True)
    stream = container.Chunk(container.STREAM, chunks[0].payload)
    plain = container.Header(header.codec, header.model, 16, 16, 3, 1)
    with pytest.raises(CorruptFileError, match="layers"):
        codec.decode(container.write(plain, [stream]))
    with pytest.raises(UnsupportedError, match="layers"):
        latentpress.get_codec("hyperprior").decode(data)


def test_the_command_line_says_it(
    codec: TodericiCodec, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Path(codec.config()["model"])
    monkeypatch.setenv("LATENTPRESS_MODELS", str(model.parent))
    image, packed, out = make(32, 48), tmp_path / "a.lpx", tmp_path / "a.png"
    data = codec.encode(image, 100)
    runner = CliRunner()

    def run(*arguments: object) -> Result:
        return runner.invoke(app, [str(argument) for argument in arguments])

    packed.write_bytes(data)
    assert "5 of 5" in run("inspect", packed).stdout
    done = run("decompress", packed, out, "--layers", 2)
    assert (done.exit_code, "warning" in done.stderr) == (0, False)
    assert latentpress.read_image(out) == codec.decode(container.keep_layers(data, 2))
    assert latentpress.decompress(data, layers=2) == latentpress.read_image(out)
    packed.write_bytes(data[:-3])
    assert "4 of 5, the file is cut off" in run("inspect", packed).stdout
    done = run("decompress", packed, out, "--force")
    assert done.exit_code == 0
    assert "warning: the file is cut off: this is the picture of 4 of its 5 layers" in done.stderr
    with pytest.warns(CutFileWarning, match="4 of its 5"):
        assert latentpress.decompress(data[:-3]) == latentpress.read_image(out)


def test_contexts_code_what_they_are_given() -> None:
    rng = np.random.default_rng(0)
    steps = plane_steps(7, np.geomspace(1500, 9, 20))
    assert (steps.max(axis=1) > 0).all()
    assert groups(20)[-1] == slice(16, 20)
    values = rng.choice([-1, 0, 1], p=[0.1, 0.7, 0.2], size=(7, 20, 5, 6)) * (steps > 0)[:, :, None, None]
    even = EmbeddedTables.read(tables_of(steps))
    counting = Counting()
    for layer in range(7):
        code_layer(counting, even, values[:layer], values[layer])
    learned = EmbeddedTables.read(tables_of(steps, counting.counts))
    bits = []
    for tables in (even, learned):
        pricing, writing = Pricing(), Writing()
        for port in (pricing, writing):
            for layer in range(7):
                assert np.array_equal(code_layer(port, tables, values[:layer], values[layer]), values[layer])
        reading = Reading(writing.finish())
        for layer in range(7):
            assert np.array_equal(code_layer(reading, tables, values[:layer], None), values[layer])
        reading.finish()
        bits.append(pricing.total)
    assert bits[1] < 0.9 * bits[0]


@pytest.mark.parametrize("wrong", ["steps", "significance", "sign"])
def test_tables_that_do_not_fit_are_refused(wrong: str) -> None:
    tables = tables_of(plane_steps(4, np.geomspace(900, 30, 6)))
    tables[wrong] = tables[wrong][1:]
    with pytest.raises(ValueError, match=r"chances|step"):
        EmbeddedTables.read(tables)
