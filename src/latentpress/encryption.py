"""Encrypted ``.lpx`` files: the header stays readable, all else is sealed (docs/encryption.md).

A sealed file has the header of the file in it and one chunk, which holds how the key is made of the pass phrase
(scrypt, RFC 7914), a nonce, and the whole file encrypted with ChaCha20-Poly1305 (RFC 8439). The tag covers the header
and these parameters too, so nothing of a file that was changed is decoded. Needs the extra ``crypto``.
"""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import replace
from functools import lru_cache
from typing import Any

from latentpress import container
from latentpress._extras import needs_extra
from latentpress.container import SEALED, Chunk, Header
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError

__all__ = ["check_key", "decrypt", "encrypt", "is_encrypted", "key_mark"]

_SCHEME = 1  # scrypt with r = 8, p = 1, then ChaCha20-Poly1305
_COST = 17  # log2 of scrypt's N: 128 MiB and a few tenths of a second for each guess
_LARGEST_COST = 18  # a reader is not made to take more than 256 MiB by a file
_SALT, _NONCE, _TAG, _KEY = 16, 12, 16, 32  # bytes
_BLOCK = 8  # scrypt's r
_FIXED = 2 + _SALT + _NONCE
_LONGEST_KEY = 4096  # bytes
_MARK_SALT = b"latentpress mark"


def check_key(key: str | bytes) -> bytes:
    """The bytes of a key: text is a pass phrase, in UTF-8 after Unicode's composition (NFC).

    Raises InvalidInputError for an empty key, one above 4096 bytes, or neither text nor bytes.
    """
    if not isinstance(key, str | bytes):
        raise InvalidInputError(f"a key must be text or bytes, not {type(key).__name__}")
    found = unicodedata.normalize("NFC", key).encode() if isinstance(key, str) else key
    if not 1 <= len(found) <= _LONGEST_KEY:
        raise InvalidInputError(f"a key must have 1 to {_LONGEST_KEY} bytes, not {len(found)}")
    return found


def is_encrypted(data: bytes) -> bool:
    """Whether a whole file is a sealed one; raises as `latentpress.inspect` does."""
    return _sealed(container.read(data, layered=True, sealed=True)[1]) is not None


def encrypt(data: bytes, key: str | bytes) -> bytes:
    """The sealed file of a complete ``.lpx`` file. A key and a file give other bytes each time.

    Raises InvalidInputError for a key that is none and for a file that is sealed already, MissingExtraError without the
    extra ``crypto``, otherwise as `latentpress.inspect` does.
    """
    header, chunks = container.read(data, layered=True, sealed=True)
    if _sealed(chunks) is not None:
        raise InvalidInputError("the file is encrypted already")
    salt, nonce = _salt_of_process(), secrets.token_bytes(_NONCE)
    secret = _derived(check_key(key), salt, _COST)
    outside, fixed = replace(header, layered=False), bytes([_SCHEME, _COST]) + salt + nonce
    sealed = _cipher(secret).encrypt(nonce, data, _bound(outside, fixed))
    file = container.write(outside, [Chunk(SEALED, fixed + sealed)])
    if decrypt(file, key) != data:  # as encoders read their own symbols back
        raise CorruptFileError("the encrypted file does not give back what went in")
    return file


def decrypt(data: bytes, key: str | bytes) -> bytes:
    """The file in a sealed one.

    Raises CorruptFileError for a wrong key and for a file of which any bit was changed (nobody can tell which),
    InvalidInputError for a key that is none and a file that is not sealed, UnsupportedError for another way of sealing,
    MissingExtraError without the extra ``crypto``.
    """
    header, chunks = container.read(data, layered=True, sealed=True)
    sealed = _sealed(chunks)
    if sealed is None:
        raise InvalidInputError("the file is not encrypted: it opens without a key")
    fixed, text = sealed[:_FIXED], sealed[_FIXED:]
    if len(text) < _TAG:
        raise CorruptFileError("the file breaks the format: its encrypted part is cut short")
    if fixed[0] != _SCHEME or not 1 <= fixed[1] <= _LARGEST_COST:
        raise UnsupportedError(
            f"the file is encrypted in a way ({fixed[0]}, {fixed[1]}) that this version does not know"
        )
    secret = _derived(check_key(key), bytes(fixed[2 : 2 + _SALT]), fixed[1])
    with needs_extra("encryption", "crypto"):
        from cryptography.exceptions import InvalidTag
    try:
        return bytes(_cipher(secret).decrypt(fixed[2 + _SALT :], text, _bound(header, fixed)))
    except InvalidTag:
        raise CorruptFileError("the key is wrong, or the file was changed") from None


def key_mark(key: str | bytes) -> str:
    """Sixteen hexadecimal digits that tell whether two keys are the same; as slow to make as a key is to try."""
    return _derived(check_key(key), _MARK_SALT, _COST)[:8].hex()


def _bound(header: Header, fixed: bytes) -> bytes:
    """What the tag covers beside the encrypted file: the header's bytes, and how the key is made."""
    return container.header_bytes(header) + fixed


def _sealed(chunks: list[Chunk]) -> bytes | None:
    """The payload of the one chunk of a sealed file."""
    if not any(chunk.kind == SEALED for chunk in chunks):
        return None
    if len(chunks) != 1:
        raise CorruptFileError("the file breaks the format: an encrypted file has one chunk")
    return chunks[0].payload


@lru_cache(maxsize=1)
def _salt_of_process() -> bytes:
    """One salt for all files of a process, so that a folder costs one derivation; the nonce is new for each file."""
    return secrets.token_bytes(_SALT)


@lru_cache(maxsize=4)
def _derived(key: bytes, salt: bytes, cost: int) -> bytes:
    """The 32 bytes that scrypt makes of a key."""
    with needs_extra("encryption", "crypto"):
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    return Scrypt(salt=salt, length=_KEY, n=2**cost, r=_BLOCK, p=1).derive(key)


def _cipher(secret: bytes) -> Any:
    with needs_extra("encryption", "crypto"):
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    return ChaCha20Poly1305(secret)
