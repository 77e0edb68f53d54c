"""The exceptions of LatentPress: one tree, so that one ``except LatentPressError`` is enough.

Every message is one line that says what is wrong and, where there is one, what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = [
    "CorruptFileError",
    "InvalidInputError",
    "LatentPressError",
    "LimitError",
    "MissingExtraError",
    "OutOfMemoryError",
    "SettingError",
    "UnsupportedError",
]

_MARK = "\0"  # before and after the name of a setting


class LatentPressError(Exception):
    """Base of every exception that LatentPress raises on purpose."""


class CorruptFileError(LatentPressError):
    """The data are damaged, cut short, or not a LatentPress file at all."""


class UnsupportedError(LatentPressError):
    """The input is valid, but not handled here: a pixel mode, a newer format, a model or codec not installed."""


class LimitError(LatentPressError):
    """The input is larger than the limits in force; raised before memory is taken for it."""


class OutOfMemoryError(LatentPressError, MemoryError):
    """The system gives no more memory, though the input is within the limits. Nothing is known to be wrong with it."""


class InvalidInputError(LatentPressError):
    """An argument or a source picture is wrong: quality out of range, array of the wrong shape, unreadable picture."""


class SettingError(InvalidInputError):
    """Settings that are unknown or do not go together. The message tells them by `name`.

    text: the message. more: what only a caller from Python can use, put behind it.
    """

    def __init__(self, text: str, more: str = "") -> None:
        super().__init__(text, more)

    @staticmethod
    def name(setting: str) -> str:
        """A setting's name, to be put into a message."""
        return f"{_MARK}{setting}{_MARK}"

    def __str__(self) -> str:
        """The message with the names that Python has for settings."""
        return "".join(self.args).replace(_MARK, "")

    def spelled(self, spell: Callable[[str], str]) -> str:
        """The message for another front, which calls a setting ``spell(name)``."""
        parts = str(self.args[0]).split(_MARK)
        parts[1::2] = map(spell, parts[1::2])
        return "".join(parts)


class MissingExtraError(LatentPressError):
    """A package outside the run-time dependencies is needed.

    feature: what was asked for, for example ``"training"``.
    extra: the optional dependency group that brings it, for example ``"train"``.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed: pip install {_requirement(extra)}")
        self.feature = feature
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        """Keep both arguments when the error crosses a process border (pickle would pass the message alone)."""
        return (type(self), (self.feature, self.extra))


def _requirement(extra: str) -> str:
    """What pip is to be given for an extra, quoted for a shell: the checkout that this runs from, the place that the
    package was installed from, or its name in an index.
    """
    import json
    import shlex
    from importlib.metadata import PackageNotFoundError, distribution
    from pathlib import Path

    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        return f"-e {shlex.quote(f'{checkout}[{extra}]')}"
    try:
        origin = json.loads(distribution("latentpress").read_text("direct_url.json") or "{}").get("url", "")
    except (PackageNotFoundError, ValueError):
        origin = ""
    return shlex.quote(f"latentpress[{extra}]" + (f" @ {origin}" if origin else ""))
