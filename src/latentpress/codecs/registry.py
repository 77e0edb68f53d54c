"""Which codecs there are, and how to get one by its name or for a given file.

Three sources, in this order, so that nothing installed later can take the place of a built-in codec: the built-in
catalogue, classes given to `register`, and the entry points of installed packages in the group ``latentpress.codecs``
(``name = "module:Class"``, the name being the codec's id). Nothing is imported before it is asked for.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentpress.catalogue import NAMED_CODEC, NUMBERS, number_of, system, systems
from latentpress.codecs.base import Codec
from latentpress.container import Header
from latentpress.container.layout import check_codec_name
from latentpress.errors import InvalidInputError, LatentPressError, SettingError, UnsupportedError
from latentpress.limits import check_threads
from latentpress.models import find_model
from latentpress.models.package import CARD

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

__all__ = [
    "ENTRY_POINTS",
    "CodecInfo",
    "codec_class",
    "codec_for",
    "codec_id",
    "get_codec",
    "is_built_in",
    "list_codecs",
    "register",
    "shared_codec",
]

ENTRY_POINTS = "latentpress.codecs"
"""Entry-point group in which packages announce their codecs."""

_registered: dict[str, type[Codec]] = {}


@dataclass(frozen=True)
class CodecInfo:
    """A row of `list_codecs`.

    id, number, lossless: as in `Codec`. description: one line. models: names of the installed model packages.
    problem: why the codec cannot be loaded, empty if it can; a codec with a problem has no other details.
    """

    id: str
    number: int
    lossless: bool = False
    description: str = ""
    models: tuple[str, ...] = ()
    problem: str = ""


def register(cls: type[Codec]) -> type[Codec]:
    """Make a third-party codec class known to this process; returns it, so it serves as a decorator.

    The class has number 255 and an ``id`` of its own. Raises InvalidInputError if not, or if the id is taken.
    """
    _check_class(cls, getattr(cls, "id", ""))
    if _registered.get(cls.id, cls) is not cls:
        raise InvalidInputError(f"codec {cls.id!r} is registered already, by {_registered[cls.id].__module__}")
    _registered[cls.id] = cls
    return cls


def get_codec(id: str, **config: Any) -> Codec:
    """Make the codec called ``id``; ``config`` goes to its constructor.

    Raises UnsupportedError if there is no such codec or it does not load, InvalidInputError if it has no such setting.
    """
    return _make(codec_class(id), config)


def shared_codec(id: str, config: Mapping[str, Any], threads: int | None = None) -> Codec:
    """The codec that `get_codec` makes, one of each kind and configuration, so that its network is loaded once.

    threads: for a codec that has this setting, unless ``config`` names it.
    """
    cls = codec_class(id)
    if threads is not None and "threads" in cls.takes:
        config = {"threads": threads, **config}
    try:
        text = json.dumps(config, sort_keys=True)  # in which True is not 1
    except (TypeError, ValueError):
        return _make(cls, config)
    return _shared(cls, text)


def codecs_with(name: str) -> list[str]:
    """Ids of the built-in codecs that have a setting."""
    return [id for id in sorted(_built_in_ids()) if name in _built_in(id).takes]


def is_built_in(id: str) -> bool:
    """Whether a codec comes with this package."""
    return id in _built_in_ids()


def codec_for(header: Header, threads: int | None = None, **config: Any) -> Codec:
    """The codec that decodes the file with this header, shared; raises as `get_codec` does.

    threads: for a codec that has this setting. config: further settings, which the codec has to have.
    """
    id = codec_id(header)
    if id is None:
        raise UnsupportedError(f"the file needs codec number {header.codec}, which this version does not have")
    return shared_codec(id, config, threads)


def codec_id(header: Header) -> str | None:
    """Id of the codec that wrote the file, or None for a number that this version does not know."""
    if header.codec == NAMED_CODEC:
        return header.codec_name
    return NUMBERS.get(header.codec)


def codec_class(id: str) -> type[Codec]:
    """The class of the codec called ``id``; raises UnsupportedError if there is none or it does not load."""
    if not isinstance(id, str):
        raise InvalidInputError(f"a codec is named by a string, not {type(id).__name__}")
    if id in NUMBERS.values():  # the usual case, without a look at the other systems
        return _built_in(id)
    if id in _registered:
        return _registered[id]
    if id in _built_in_ids():
        return _built_in(id)
    # Of two packages with one id the first on the path counts, as for modules.
    for entry in _entry_points():
        if entry.name == id:
            return _load(entry)
    raise UnsupportedError(f"there is no codec {id!r}; installed are: {', '.join(sorted(_ids()))}")


def list_codecs() -> list[CodecInfo]:
    """All codecs by number, named ones last, by id. One that does not load is listed with its problem."""
    return [_describe(id) for id in sorted(_ids(), key=lambda id: (number_of(id), id))]


def _built_in_ids() -> set[str]:
    """Ids of the systems that write files."""
    return {one.id for one in systems() if one.codec}


def _built_in(id: str) -> type[Codec]:
    one = system(id)
    cls: type[Codec] = one.load(one.codec)
    return cls


def _ids() -> set[str]:
    """Ids of everything that can be asked for; an entry point with an impossible name is left out."""
    announced = {entry.name for entry in _entry_points()}
    return {*_built_in_ids(), *_registered, *filter(check_codec_name, announced)}


def _describe(id: str) -> CodecInfo:
    """The row of ``id``."""
    number = number_of(id)
    try:
        cls = codec_class(id)
        models = tuple(cls.models())
    except LatentPressError as error:
        return CodecInfo(id=id, number=number, problem=str(error))
    lines = (cls.__doc__ or "").strip().splitlines()
    return CodecInfo(id, number, cls.lossless, lines[0] if lines else "", models)


def _entry_points() -> EntryPoints:
    """What the installed packages announce. Imported here: built-in codecs, the usual case, need no such search."""
    from importlib.metadata import entry_points

    return entry_points(group=ENTRY_POINTS)


def _load(entry: EntryPoint) -> type[Codec]:
    """Import the class behind an entry point and check that it is what its name says."""
    package = entry.dist.name if entry.dist else entry.value
    try:
        cls = entry.load()
    except Exception as error:  # third-party code: anything may happen on import
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UnsupportedError(f"codec {entry.name!r} of {package} does not load: {reason}") from error
    try:
        return _check_class(cls, entry.name)
    except InvalidInputError as error:
        raise UnsupportedError(f"codec {entry.name!r} of {package} is not usable: {error}") from error


def _check_class(cls: Any, id: str) -> type[Codec]:
    """Return ``cls`` if it is a third-party codec class called ``id``; raises InvalidInputError if not."""
    if not (isinstance(cls, type) and issubclass(cls, Codec)):
        raise InvalidInputError(f"{cls!r} is not a subclass of latentpress.Codec")
    if getattr(cls, "id", None) != id or not isinstance(id, str) or not check_codec_name(id):
        raise InvalidInputError(
            f"{cls.__name__}.id is {getattr(cls, 'id', None)!r}; it must be the codec's name, of a-z 0-9 . _ -"
        )
    if id in _built_in_ids():
        raise InvalidInputError(f"{id!r} is the id of a built-in codec")
    if getattr(cls, "number", None) != NAMED_CODEC:
        raise InvalidInputError(f"{cls.__name__}.number must be {NAMED_CODEC}: smaller ones belong to the format")
    return cls


@functools.lru_cache(maxsize=8)
def _shared(cls: type[Codec], config: str) -> Codec:
    return _make(cls, json.loads(config))


def _make(cls: type[Codec], config: Mapping[str, Any]) -> Codec:
    """A codec of a class; raises InvalidInputError for a setting that it does not declare."""
    unknown = sorted(config.keys() - cls.takes)
    if unknown:
        known = f"; this one has {', '.join(sorted(cls.takes)) or 'none'}"
        others = codecs_with(unknown[0])
        elsewhere = f"; codecs with it: {', '.join(others)}" if others else ""
        raise SettingError(f"codec {cls.id!r} has no setting '{SettingError.name(unknown[0])}'{elsewhere}", known)
    check_threads(config.get("threads"))
    if config.get("model") and (Path(config["model"]) / CARD).is_file():
        find_model(cls.id, name=config["model"])  # from now on files that name it are read
    return cls(**config)
