"""A model package: a folder with everything that a trained codec needs to code and decode, and nothing that runs.

card.json        codec, name, format, sha256, config (sizes the codec needs); for people: training, complexity, results
NETWORK.onnx     the networks, one file each; or NETWORK.onnx.coded, the same in fewer bytes (`coded`)
tables.npz       integer probability tables

The digest covers the codec's name, the config and every network and table, but not the rest of the card, so results can
be added to a card without making it another model. Coded networks count as what they restore to: a package and its
coded form are one model.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import CorruptFileError, InvalidInputError

__all__ = ["CARD", "CODED", "FORMAT", "TABLES", "ModelPackage", "package_digest"]

CODED = ".coded"
"""Suffix of a coded network."""

CARD = "card.json"
TABLES = "tables.npz"

FORMAT = 1
"""Version of the package's layout."""


def package_digest(codec: str, config: dict[str, Any], files: dict[str, bytes]) -> bytes:
    """SHA-256 that stands for the model: of codec, config and the files (name to contents) other than the card."""
    head = {"codec": codec, "config": config, "format": FORMAT}
    digest = hashlib.sha256(json.dumps(head, sort_keys=True, separators=(",", ":")).encode())
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.digest()


class ModelPackage:
    """A package on disk, opened: ``ModelPackage(folder)``.

    name, codec: as in the card. id: first 8 bytes of the digest, as in a file's header. config: sizes by name. card:
    the whole card. Raises InvalidInputError when the folder holds no package, CorruptFileError when its files do not
    fit the card's digest.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.card = _read_card(self.folder)
        self.name: str = self.card["name"]
        self.codec: str = self.card["codec"]
        self.config: dict[str, Any] = self.card["config"]
        self.id = bytes.fromhex(self.card["sha256"])[:8]

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Networks and tables by file name, checked against the digest at first use."""
        try:
            found = dict(_contents(path) for path in sorted(self.folder.iterdir()) if _belongs(path))
        except OSError as error:
            raise CorruptFileError(f"model package {self.folder} cannot be read: {error.strerror}") from error
        if package_digest(self.codec, self.config, found).hex() != self.card["sha256"]:
            raise CorruptFileError(f"model package {self.folder} is damaged: its files do not match its card")
        return found

    def network(self, name: str) -> bytes:
        """The stored graph of network ``name``."""
        try:
            return self.files[f"{name}.onnx"]
        except KeyError:
            raise CorruptFileError(f"model package {self.folder} lacks the network {name}") from None

    @cached_property
    def tables(self) -> dict[str, NDArray[Any]]:
        """The arrays of tables.npz by name; none if the package has no such file."""
        if TABLES not in self.files:
            return {}
        try:
            with np.load(io.BytesIO(self.files[TABLES]), allow_pickle=False) as arrays:
                return dict(arrays)
        except (KeyError, ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise CorruptFileError(f"model package {self.folder} has no readable tables: {error}") from error

    def __repr__(self) -> str:
        return f"ModelPackage({str(self.folder)!r})"


def _belongs(path: Path) -> bool:
    return path.suffix in (".onnx", CODED) or path.name == TABLES


def _contents(path: Path) -> tuple[str, bytes]:
    """What a file is called and holds, decoded."""
    if path.suffix != CODED:
        return path.name, path.read_bytes()
    from latentpress.models.coded import decoded_network  # a machine that trains alone has no entropy coder

    return path.stem, decoded_network(path.read_bytes())


def _read_card(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except OSError:
        raise InvalidInputError(f"no model package at {folder} (it has no {CARD})") from None
    except ValueError as error:
        raise CorruptFileError(f"the card of model package {folder} is damaged: {error}") from None
    expected = {"name": str, "codec": str, "config": dict, "sha256": str, "format": int}
    if not isinstance(card, dict) or any(not isinstance(card.get(k), t) for k, t in expected.items()):
        raise CorruptFileError(f"the card of model package {folder} lacks one of: {', '.join(expected)}")
    if card["format"] != FORMAT:
        raise InvalidInputError(f"model package {folder} has layout {card['format']}; this version reads {FORMAT}")
    if not re.fullmatch("[0-9a-f]{64}", card["sha256"]):
        raise CorruptFileError(f"the card of model package {folder} is damaged: its sha256 is no SHA-256")
    return card
