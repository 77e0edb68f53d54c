"""Encrypted files: against a second implementation, with each bit flipped, and what of them is readable."""

from __future__ import annotations

import hashlib
import struct
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cryptography")

import latentpress
from latentpress import container, encryption
from latentpress.codecs import registry
from latentpress.container import SEALED, Chunk
from latentpress.image import Image

KEY = "correct horse"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that cost little."""
    monkeypatch.setattr(encryption, "_COST", 4)


@pytest.fixture
def packed(rgb: Image) -> bytes:
    return latentpress.compress(rgb)


# ChaCha20 and Poly1305, written down from RFC 8439.
def rotated(a: int, b: int) -> int:
    return (a << b | a >> (32 - b)) & 0xFFFFFFFF


def block(key: bytes, count: int, nonce: bytes) -> bytes:
    start = [
        0x61707865,
        0x3320646E,
        0x79622D32,
        0x6B206574,
        *struct.unpack("<8I", key),
        count,
        *struct.unpack("<3I", nonce),
    ]
    s = list(start)
    columns = [(i, i + 4, i + 8, i + 12) for i in range(4)]
    diagonals = [(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4) for i in range(4)]
    for _ in range(10):
        for a, b, c, d in columns + diagonals:
            for first, second, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[first] = (s[first] + s[second]) & 0xFFFFFFFF
                s[third] = rotated(s[third] ^ s[first], turn)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(s, start, strict=True)))


def unsealed(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    text, tag = sealed[:-16], sealed[-16:]
    once = block(key, 0, nonce)
    r = int.from_bytes(once[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total, padded = 0, bound + bytes(-len(bound) % 16) + text + bytes(-len(text) % 16)
    padded += struct.pack("<QQ", len(bound), len(text))
    for start in range(0, len(padded), 16):
        total = (total + int.from_bytes(padded[start : start + 16] + b"\1", "little")) * r % (2**130 - 5)
    assert ((total + int.from_bytes(once[16:32], "little")) % 2**128).to_bytes(16, "little") == tag
    stream = b"".join(block(key, 1 + number, nonce) for number in range(-(-len(text) // 64)))
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))


def test_known_answers() -> None:
    """The vectors of RFC 8439, 2.8.2, and RFC 7914, 12, through the functions that files are made with."""
    key, nonce = bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647")
    text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    text += b"sunscreen would be it."
    bound = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    sealed = encryption._cipher(key).encrypt(nonce, text, bound)
    assert sealed[:16].hex() == "d31a8d34648e60db7b86afbc53ef7ec2"
    assert sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert unsealed(key, nonce, sealed, bound) == text
    assert (
        encryption._derived(b"pleaseletmein", b"SodiumChloride", 14)
        .hex()
        .startswith("7023bdcb3afd7348461c06cd81fd38eb")
    )


def test_a_second_implementation_opens_the_file(packed: bytes) -> None:
    sealed = latentpress.encrypt(packed, "pässword")
    header, (chunk,) = container.read(sealed, sealed=True)
    assert chunk.kind == SEALED
    scheme, cost, salt, nonce = chunk.payload[0], chunk.payload[1], chunk.payload[2:18], chunk.payload[18:30]
    assert (scheme, cost) == (1, 4)
    key = hashlib.scrypt("pässword".encode(), salt=salt, n=2**cost, r=8, p=1, dklen=32)
    before = container.header_bytes(header)
    assert sealed.startswith(before)
    assert unsealed(key, nonce, chunk.payload[30:], before + chunk.payload[:30]) == packed
    assert latentpress.decrypt(sealed, unicodedata.normalize("NFD", "pässword")) == packed


def test_ten_thousand_flipped_bits_are_refused_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every bit of a file, as it is, and with the checksum made right again, which leaves it to the cipher."""
    noise = np.random.default_rng(0).integers(0, 256, (20, 19, 3), np.uint8)
    sealed = latentpress.encrypt(latentpress.compress(noise, lossless=True), KEY)
    header = len(container.header_bytes(container.read_header(sealed)))
    crc = next(place for place in range(header, header + 9) if _repaired(sealed, place) == sealed)
    assert 8 * len(sealed) > 9_900

    def decoded(*_: object, **__: object) -> None:
        pytest.fail("a changed file reached a codec")

    monkeypatch.setattr(registry, "codec_for", decoded)
    refused = 0
    for place in range(8 * len(sealed)):
        flipped = bytearray(sealed)
        flipped[place // 8] ^= 1 << place % 8
        variants = [bytes(flipped)] if crc <= place // 8 < crc + 4 else [bytes(flipped), _repaired(bytes(flipped), crc)]
        if place // 8 == crc + 5:  # how much scrypt takes: those that it could take are slow, and two are enough
            variants = variants[: 2 if place % 8 in (0, 5) else 1]
        for variant in variants:
            with pytest.raises(latentpress.LatentPressError):
                latentpress.decompress(variant, key=KEY)
            refused += 1
    assert refused > 19_000


def _repaired(data: bytes, place: int) -> bytes:
    """The file with the CRC at ``place`` as it ought to be."""
    return data[:place] + zlib.crc32(data[:place] + data[place + 4 :]).to_bytes(4, "little") + data[place + 4 :]


def test_what_is_readable_without_the_key(packed: bytes, rgb: Image) -> None:
    sealed = latentpress.compress(rgb, key=KEY)
    assert len(sealed) == len(packed) + len(container.header_bytes(container.read_header(packed))) + 30 + 16 + 7
    info = latentpress.inspect(sealed)
    assert (info.width, info.height, info.channels, info.codec) == (65, 63, 3, "hyperprior")
    assert info.facts["encrypted"] == "ChaCha20-Poly1305, key by scrypt"
    assert [chunk.name for chunk in info.chunks] == ["encrypted file"]
    assert latentpress.encrypt(packed, KEY) != latentpress.encrypt(packed, KEY)
    assert not any(packed[start : start + 6] in sealed for start in range(30, len(packed) - 6))


def test_layers_and_jpeg_files_too(rgb: Image, tmp_path: Path) -> None:
    layered = latentpress.compress(rgb, codec="spiht", key=KEY)
    assert latentpress.decompress(layered, layers=1, key=KEY).width == 65
    rgb.to_pillow().save(tmp_path / "a.jpg")
    kept = latentpress.compress(tmp_path / "a.jpg", lossless=True, key=KEY)
    assert latentpress.decompress_jpeg(kept, key=KEY) == (tmp_path / "a.jpg").read_bytes()


def test_refusals(packed: bytes) -> None:
    sealed = latentpress.encrypt(packed, KEY)
    for key in ("wrong", b"correct horse\n"):
        with pytest.raises(latentpress.CorruptFileError, match="the key is wrong, or the file was changed"):
            latentpress.decompress(sealed, key=key)
    with pytest.raises(latentpress.UnsupportedError, match="is encrypted: give the key"):
        latentpress.decompress(sealed)
    with pytest.raises(latentpress.InvalidInputError, match="not encrypted"):
        latentpress.decompress(packed, key=KEY)
    with pytest.raises(latentpress.InvalidInputError, match="encrypted already"):
        latentpress.encrypt(sealed, KEY)
    for bad in ("", b"", b"x" * 4097, 7):
        with pytest.raises(latentpress.InvalidInputError, match="a key must"):
            latentpress.encrypt(packed, bad)  # type: ignore[arg-type]
    header, (chunk,) = container.read(sealed, sealed=True)
    with pytest.raises(latentpress.CorruptFileError, match="one chunk"):
        latentpress.decrypt(container.write(header, [chunk, Chunk(SEALED, b"")]), KEY)
    for payload, error in (
        (b"\1", "cut short"),
        (b"\2" + chunk.payload[1:], "a way"),
        (b"\1\x1e" + chunk.payload[2:], "a way"),
    ):
        with pytest.raises(latentpress.LatentPressError, match=error):
            latentpress.decrypt(container.write(header, [Chunk(SEALED, payload)]), KEY)


def test_without_the_extra(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.kdf.scrypt", None)
    encryption._derived.cache_clear()
    with pytest.raises(latentpress.MissingExtraError, match=r"encryption needs .*\[crypto\]"):
        latentpress.encrypt(packed, KEY)
