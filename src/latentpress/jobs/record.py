"""The record that a job keeps in its output folder, so that the next run knows what the results in it are.

It is written once a run, before the work: what job this is, and for each source its size and time of change, the name
of its result, and - if something stands there already that is to be replaced - size and time of that. Results appear
whole or not at all. So a result that is there, and is not the outdated one, was made from that source with these
settings, whenever the run was cut off. Times are only compared for equality: clocks may disagree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from latentpress.errors import SettingError
from latentpress.jobs.listing import Entry
from latentpress.jobs.stores import Folder

__all__ = ["RECORD", "Planned", "Record", "read_record", "write_record"]

RECORD = ".latentpress-job.json"
"""Its name in the output folder."""

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """source: the file as it was found. result: the name of its result. outdated: what stood there before, if
    anything.
    """

    source: Entry
    result: str
    outdated: Entry | None = None

    def is_done(self, source: Entry, result: str, there: Entry | None) -> bool:
        """Whether ``there``, the file called ``result``, is what ``source`` gives. A store that tells no times has
        nothing that is surely done.
        """
        same = source == self.source and source.modified_ns is not None and result == self.result
        return same and there is not None and there != self.outdated


@dataclass(frozen=True)
class Record:
    """work: name of the command. source: the folder. settings: what the results depend on, JSON-able. files: what was
    planned for each source, by name.
    """

    work: str
    source: str
    settings: dict[str, Any]
    files: dict[str, Planned] = field(default_factory=dict)

    def check_same(self, wanted: Record, place: str) -> None:
        """Raise InvalidInputError, saying what differs, if ``wanted`` is another job than the one at ``place``."""
        before, now = self._flat(), wanted._flat()
        keys = [key for key in {**now, **before} if before.get(key) != now.get(key)]
        if "codec" in keys:  # which brings settings and a model of its own
            keys = [key for key in keys if key in before and key in now and key != "model"]
        if keys:
            changes = ", ".join(f"{key} {_shown(before.get(key))} then, {_shown(now.get(key))} now" for key in keys)
            raise SettingError(
                f"{place} holds the results of another job ({changes}); choose another folder, or "
                f"{SettingError.name('force')} to replace them"
            )

    def _flat(self) -> dict[str, Any]:
        settings: dict[str, Any] = json.loads(json.dumps(self.settings))
        return {"command": self.work, "source": self.source, **settings}


def read_record(folder: Folder) -> Record | None:
    """The record in a folder, None if there is none.

    Raises InvalidInputError if it cannot be read, is damaged or of another version.
    """
    if folder.entry(RECORD) is None:
        return None
    try:
        found = json.loads(folder.read(RECORD))
        if found["format"] != _FORMAT:
            raise ValueError
        files = {
            name: Planned(Entry(*file["source"]), str(file["result"]), _entry(file["outdated"]))
            for name, file in found["files"].items()
        }
        return Record(found["work"], found["source"], dict(found["settings"]), files)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise SettingError(
            f"{folder.address(RECORD)} is damaged or of another version; {SettingError.name('force')} begins anew"
        ) from None


def write_record(folder: Folder, record: Record) -> None:
    """Write it; raises InvalidInputError or LatentPressError if the folder cannot be written to."""
    files = {
        name: {
            "source": _pair(planned.source),
            "result": planned.result,
            "outdated": planned.outdated and _pair(planned.outdated),
        }
        for name, planned in record.files.items()
    }
    content = {
        "format": _FORMAT, "work": record.work, "source": record.source, "settings": record.settings, "files": files,
    }  # fmt: skip
    folder.write(RECORD, (json.dumps(content, indent=1) + "\n").encode())


def _entry(pair: list[Any] | None) -> Entry | None:
    return None if pair is None else Entry(*pair)


def _pair(entry: Entry) -> list[int | None]:
    return [entry.bytes, entry.modified_ns]


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
