"""Every damaged or hostile file gives the right error, in one line, through every door."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from typer.testing import CliRunner

import latentpress
import latentpress.pillow
from latentpress import container
from latentpress.apps.cli import app
from latentpress.container import Chunk
from latentpress.errors import LatentPressError

sys.path.insert(0, str(Path(__file__).parent))
from hostile_files import Hostile, hostile_files


@pytest.fixture(scope="session")
def files(sound: bytes) -> list[Hostile]:
    return list(hostile_files(sound))


def test_the_sound_file_is_sound(sound: bytes, files: list[Hostile]) -> None:
    image = latentpress.decompress(sound)
    assert (image.width, image.height, image.mode) == (160, 144, "RGBA")
    assert {chunk.name for chunk in latentpress.inspect(sound).chunks} == {
        "symbols", "alpha", "colour profile", "EXIF", "XMP", "tiles",
    }  # fmt: skip
    assert len({file.name for file in files}) == len(files) > 70


def test_each_gives_its_error_in_one_line(files: list[Hostile]) -> None:
    wrong = []
    for file in files:
        try:
            latentpress.decompress(file.data)
        except file.error as error:
            if "\n" in str(error) or not str(error):
                wrong.append(f"{file.name}: message {str(error)!r}")
        except Exception as error:
            wrong.append(f"{file.name}: {type(error).__name__} {error}")
        else:
            wrong.append(f"{file.name}: a picture")
    assert wrong == []


def test_inspect_regions_and_pillow_raise_nothing_else(files: list[Hostile]) -> None:
    for file in files:
        for look in (latentpress.inspect, lambda data: latentpress.decompress(data, (3, 3, 2, 2))):
            with contextlib.suppress(LatentPressError):
                look(file.data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            with pytest.raises((OSError, SyntaxError, PillowImage.DecompressionBombError)):
                PillowImage.open(io.BytesIO(file.data), formats=["LPX"]).load()


def test_the_command_line_says_one_line_and_writes_nothing(files: list[Hostile], tmp_path: Path) -> None:
    source, output = tmp_path / "a.lpx", tmp_path / "a.png"
    for file in files:
        source.write_bytes(file.data)
        done = CliRunner().invoke(app, ["decompress", str(source), str(output)])
        assert done.exit_code == 2, file.name
        assert done.stderr.startswith("latentpress: "), file.name
        assert done.stderr.count("\n") == 1, file.name
        assert [path.name for path in tmp_path.iterdir()] == ["a.lpx"], file.name


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_fuzz_with_right_checksums(sound: bytes, data: st.DataObject) -> None:
    """Payloads cut, spliced and overwritten at random, chunks left out, doubled and moved, all checksums made right."""
    header, chunks = container.read(sound)
    chosen = data.draw(st.lists(st.sampled_from(range(len(chunks))), min_size=1, max_size=len(chunks) + 1))
    made = []
    for index in chosen:
        payload = bytearray(chunks[index].payload)
        for _ in range(data.draw(st.integers(0, 3))):
            place = data.draw(st.integers(0, len(payload)))
            payload[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
        made.append(Chunk(chunks[index].kind, bytes(payload), chunks[index].ancillary))
    try:
        image = latentpress.decompress(container.write(header, made))
    except LatentPressError as error:
        message = str(error)
        assert "\n" not in message
    else:  # what changes no symbol may pass
        assert (image.width, image.height) == (160, 144)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4))
def test_fuzz_of_raw_bytes(sound: bytes, changes: list[tuple[int, bytes]]) -> None:
    """Any change of any byte is noticed."""
    damaged = bytearray(sound)
    for place, patch in changes:
        damaged[place % len(sound) : place % len(sound) + len(patch)] = patch
    if bytes(damaged) == sound:
        return
    with pytest.raises(LatentPressError):
        latentpress.decompress(bytes(damaged))
