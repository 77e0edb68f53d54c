"""Files behind URLs - ``s3://``, ``gs://``, ``memory://`` and the like - through fsspec (the extra ``remote``).

A ``file://`` URL is a path by another name and needs no fsspec: `local_path`.

A file appears whole or not at all here too. An object store shows an object when its upload is complete, so one upload
is enough; any other store gets a hidden temporary file that is then moved to its name.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError, LatentPressError

__all__ = [
    "find",
    "info",
    "is_folder",
    "is_url",
    "local_path",
    "modified_ns",
    "open_store",
    "read",
    "remove",
    "scheme_of",
    "write",
]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

# Stores that show an object only when all of it is there. memory: one assignment to a dictionary.
_WHOLE = {"abfs", "abfss", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a"}

# What stores call the time of the last change in the description of a file.
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")


def is_url(place: str) -> bool:
    """Whether ``place`` is a URL; ``C:\\x`` is a path, and so is ``file://`` to `local_path`."""
    return _URL.match(place) is not None


def scheme_of(url: str) -> str:
    """The part of a URL before ``://``, in small letters."""
    return url.partition("://")[0].lower()


def local_path(place: str) -> str:
    """The path that a ``file://`` URL stands for; any other place as it is."""
    if not is_url(place) or scheme_of(place) != "file":
        return place
    from urllib.parse import urlsplit  # here: they take longer to import than a small file to read
    from urllib.request import url2pathname

    return url2pathname(urlsplit(place).path)


def open_store(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path in it, without a slash at its end.

    Credentials are those that the store's own package finds: environment variables, its configuration files.

    Raises MissingExtraError without fsspec, LatentPressError without the store's own package (s3fs for ``s3://``),
    InvalidInputError for a scheme that nobody knows.
    """
    with needs_extra(f"{scheme_of(url)}://", "remote"):
        import fsspec
    try:
        store, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise LatentPressError(f"{scheme_of(url)}:// needs one more package: {error}") from error
    except ValueError as error:
        raise InvalidInputError(f"{url}: {error}") from error
    return store, str(path).rstrip("/")


def read(url: str) -> bytes:
    """The whole file; raises InvalidInputError if it cannot be read, and as `open_store`."""
    store, path = open_store(url)
    try:
        return bytes(store.cat_file(path))
    except Exception as error:  # each store has errors of its own: botocore's, aiohttp's, OSError
        raise InvalidInputError(f"cannot read {url}: {_reason(error)}") from error


def write(url: str, data: bytes) -> None:
    """Write a whole file or nothing; folders on the way are made. Raises LatentPressError, and as `open_store`."""
    store, path = open_store(url)
    parent, _, name = path.rpartition("/")
    try:
        if scheme_of(url) in _WHOLE:
            store.pipe_file(path, data)
            return
        store.makedirs(parent, exist_ok=True)
        temporary = f"{parent}/.{name[:100]}.{secrets.token_hex(6)}.tmp"
        try:
            store.pipe_file(temporary, data)
            store.mv(temporary, path)
        finally:
            if store.exists(temporary):  # not after a move
                store.rm_file(temporary)
    except Exception as error:
        raise LatentPressError(f"cannot write {url}: {_reason(error)}") from error


def find(url: str) -> dict[str, dict[str, Any]]:
    """The store's description of every file below a folder, by name relative to it; empty if there is no such folder.

    Raises as `read`.
    """
    store, path = open_store(url)
    try:
        store.invalidate_cache()  # another process may have written since
        found: dict[str, dict[str, Any]] = store.find(path, detail=True)
    except FileNotFoundError:
        return {}
    except Exception as error:
        raise InvalidInputError(f"cannot read {url}: {_reason(error)}") from error
    return {name.removeprefix(path).lstrip("/"): info for name, info in found.items()}


def info(url: str) -> dict[str, Any] | None:
    """The store's description of what is at a URL, None if nothing is; raises as `read`."""
    store, path = open_store(url)
    try:
        store.invalidate_cache()
        found: dict[str, Any] = store.info(path)
    except FileNotFoundError:
        return None
    except Exception as error:
        raise InvalidInputError(f"cannot read {url}: {_reason(error)}") from error
    return found


def remove(url: str) -> None:
    """Remove a file, if it is there and can be removed; raises as `open_store`."""
    store, path = open_store(url)
    with contextlib.suppress(Exception):
        store.rm_file(path)


def is_folder(url: str) -> bool:
    """Whether a URL is that of a folder; raises as `read`."""
    found = info(url)
    return found is not None and found.get("type") == "directory"


def modified_ns(info: Mapping[str, Any]) -> int | None:
    """Nanoseconds since 1970 of the last change, from a store's description of a file; None if it does not say."""
    found = next((info[key] for key in _TIMES if info.get(key)), None)
    if isinstance(found, str):
        try:
            found = datetime.fromisoformat(found)
        except ValueError:
            return None
    if isinstance(found, datetime):
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return int(found * 1e9) if isinstance(found, int | float) else None


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
