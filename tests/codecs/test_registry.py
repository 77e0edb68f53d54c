"""Finding codecs: built in, registered, and brought by other packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import latentpress
from latentpress import Codec, Image, InvalidInputError, UnsupportedError
from latentpress.catalogue import systems
from latentpress.codecs import codec_for, codec_id, get_codec, list_codecs, register, registry
from latentpress.container import Header

PLUGIN = Path(__file__).parents[1] / "plugin"


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package in tests/plugin."""
    monkeypatch.syspath_prepend(str(PLUGIN))


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test registers."""
    monkeypatch.setattr(registry, "_registered", {})


def distribution(folder: Path, name: str, entry_points: str, **modules: str) -> None:
    """Write an installed package called ``name`` into ``folder``."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[latentpress.codecs]\n{entry_points}\n")
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)


class Echo(Codec):
    """Keeps nothing."""

    id = "echo"
    number = 255

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        return b""

    def decode(self, data: bytes) -> Image:
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        return {}


def header(codec: int, name: str = "") -> Header:
    return Header(codec=codec, codec_name=name, model=bytes(8), width=1, height=1, channels=1, rate=0)


def test_a_codec_of_another_package_is_found_by_its_name(plugin: None) -> None:
    codec = get_codec("plain", threads=3)
    assert type(codec).__module__ == "plain_codec"
    assert codec.config() == {"threads": 3}
    assert codec_for(header(255, "plain"), threads=3) == codec


@pytest.mark.usefixtures("plugin")
def test_a_codec_of_another_package_makes_and_reads_files(rgb: Image) -> None:
    data = latentpress.compress(rgb, codec="plain")
    assert latentpress.decompress(data) == rgb
    assert latentpress.compress(rgb, codec=get_codec("plain")) == data


@pytest.mark.usefixtures("plugin")
def test_listing() -> None:
    rows = {row.id: row for row in list_codecs()}
    assert next(iter(rows)) == "hyperprior"
    assert rows["hyperprior"].number == 1
    plain = rows["plain"]
    assert (plain.number, plain.lossless, plain.models, plain.problem) == (255, True, ("plain-1",), "")
    assert plain.description == "PNG in a container: lossless, for tests."


def test_a_new_process_finds_it_too() -> None:
    program = "import json, latentpress; print(json.dumps(latentpress.get_codec('plain').config()))"
    path = [str(PLUGIN), str(Path(latentpress.__file__).parents[1])]
    code = f"import sys; sys.path[:0] = {path!r}; {program}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"threads": None}


def test_unknown_codecs(plugin: None) -> None:
    message = r"there is no codec 'jpg'; installed are: .*, plain\b"
    with pytest.raises(UnsupportedError, match=message):
        get_codec("jpg")
    with pytest.raises(UnsupportedError, match="codec number 77"):
        codec_for(header(77))
    with pytest.raises(UnsupportedError, match="there is no codec 'other'"):
        codec_for(header(255, "other"))
    with pytest.raises(InvalidInputError, match="named by a string, not int"):
        get_codec(1)  # type: ignore[arg-type]


def test_ids_of_headers() -> None:
    assert [codec_id(header(1)), codec_id(header(77)), codec_id(header(255, "x"))] == ["hyperprior", None, "x"]


@pytest.mark.usefixtures("plugin")
def test_wrong_settings() -> None:
    with pytest.raises(InvalidInputError, match=r"codec 'plain' has no setting 'speed'; this one has threads"):
        get_codec("plain", speed=3)


def test_register() -> None:
    assert register(Echo) is Echo
    assert register(Echo) is Echo
    assert get_codec("echo") == Echo()
    assert list_codecs()[-1].description == "Keeps nothing."
    with pytest.raises(InvalidInputError, match="'echo' is registered already"):
        register(type("Echo2", (Echo,), {}))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"id": "hyperprior"}, "id of a built-in codec"),
        ({"number": 1}, "number must be 255"),
        ({"id": "Two Words"}, "must be the codec's name"),
        ({"id": None}, "must be the codec's name"),
    ],
)
def test_register_refuses(attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        register(type("Wrong", (Echo,), attributes))


def test_register_refuses_what_is_no_codec() -> None:
    with pytest.raises(InvalidInputError, match="not a subclass"):
        register(int)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("entry", "module", "message"),
    [
        ("bad = bad_codec:Bad", "import no_such_package", "does not load: ModuleNotFoundError"),
        ("bad = bad_codec:Bad", "raise RuntimeError('two\\nlines')", "does not load: RuntimeError: two lines"),
        ("bad = bad_codec:Bad", "", "does not load: AttributeError"),
        ("bad = bad_codec:Bad", "Bad = 3", "not a subclass"),
        ("bad = bad_codec:Bad", "from plain_codec import PlainCodec as Bad", "must be the codec's name"),
    ],
)
def test_a_broken_package_is_named_and_does_not_hide_the_others(
    plugin: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, module: str, message: str
) -> None:
    distribution(tmp_path, "bad_package", entry, bad_codec=module)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "bad_codec", raising=False)
    with pytest.raises(UnsupportedError, match=f"codec 'bad' of bad_package .*{message}"):
        get_codec("bad")
    rows = {row.id: row for row in list_codecs()}
    assert "bad_package" in rows["bad"].problem
    assert rows["plain"].problem == ""


def test_no_package_can_replace_a_built_in_codec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, "thief", "hyperprior = thief:Thief\nUpper Case = thief:Thief", thief="raise SystemExit")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [row.id for row in list_codecs()] == [one.id for one in systems() if one.codec]
    assert registry.codec_class("hyperprior").__module__.startswith("latentpress.")
