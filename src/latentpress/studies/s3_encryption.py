"""Encryption of pictures by chaos: the figures by which such papers argue, and what an attacker makes of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress._extras import needs_extra
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs.settings import Settings
from latentpress.errors import MissingExtraError
from latentpress.studies.base import Request, Result, Table
from latentpress.studies.chaos import ChaosKey, break_with_chosen_bytes, encrypt, period

__all__ = ["figures", "run"]

Plane = NDArray[np.uint8]
Cipher = Callable[[Plane], Plane]

_KEY = ChaosKey(0x5EED_1234_0BAD_CAFE, int(3.99 * 2**30))
_CHANGED = replace(_KEY, x=_KEY.x ^ 1)
_PERIODS = (16, 20, 24, 28, 32)  # bits of x
_STARTS = 9  # sequences whose periods are looked at
_IDEAL = {
    "entropy": 8.0,
    "correlation": 0.0,
    "npcr": 100 * 255 / 256,
    "uaci": 100 * 257 / 768,
    "key_npcr": 100 * 255 / 256,
}
_NAMES = {
    "entropy": "entropy, bits a byte",
    "correlation": "correlation of neighbours, largest of three directions",
    "npcr": "NPCR, one sample changed, %",
    "uaci": "UACI, one sample changed, %",
    "key_npcr": "NPCR, one bit of the key changed, %",
    "attack": "samples that the attacker reads, %",
}


def figures(plane: Plane, cipher: Cipher, other_key: Cipher) -> dict[str, float]:
    """The usual figures of a cipher on a gray picture (H, W); NPCR and UACI after Wu et al. 2011.

    cipher, other_key: encrypt bytes (n,), the second with a key that differs in one bit.
    """
    flat = plane.ravel()
    changed = flat.copy()
    changed[flat.size // 2] ^= 1
    sealed, again, other = cipher(flat), cipher(changed), other_key(flat)
    difference = np.abs(sealed.astype(np.int16) - again)
    return {
        "entropy": entropy(sealed),
        "correlation": correlation(sealed.reshape(plane.shape)),
        "npcr": 100 * float(np.mean(difference > 0)),
        "uaci": 100 * float(np.mean(difference)) / 255,
        "key_npcr": 100 * float(np.mean(sealed != other)),
    }


def entropy(data: Plane) -> float:
    """Bits a byte of the histogram."""
    shares = np.bincount(data.ravel(), minlength=256) / data.size
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


def correlation(plane: Plane) -> float:
    """The largest correlation, by size, of samples with the one to the right, below, and across."""
    pairs = ((plane[:, :-1], plane[:, 1:]), (plane[:-1], plane[1:]), (plane[:-1, :-1], plane[1:, 1:]))
    return max((float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in pairs), key=abs)


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError for folders without pictures."""
    files = [file for folder in request.data for file in find_pictures(folder).items()]
    planes = {name: read_pixels(path)[:, :, 0] for name, path in files}
    rows: dict[str, list[dict[str, float]]] = {"plain": [], "chaos": [], "chacha20": []}
    missing = ""
    questions = []
    for name, plane in planes.items():
        plain = {"entropy": entropy(plane), "correlation": correlation(plane)}
        rows["plain"].append(plain)
        broken = break_with_chosen_bytes(lambda data: encrypt(data, _KEY), plane.size)
        questions.append(broken.questions)
        read = 100 * float(np.mean(broken.decrypt(encrypt(plane.ravel(), _KEY)) == plane.ravel()))
        chaos = figures(plane, lambda data: encrypt(data, _KEY), lambda data: encrypt(data, _CHANGED))
        rows["chaos"].append({**chaos, "attack": read})
        try:
            proper = _chacha20()
        except MissingExtraError as error:
            missing = str(error)
        else:
            against = break_with_chosen_bytes(proper, plane.size)
            guessed = 100 * float(np.mean(against.decrypt(proper(plane.ravel())) == plane.ravel()))
            rows["chacha20"].append({**figures(plane, proper, _chacha20()), "attack": guessed})
        request.say(f"{name}: entropy {chaos['entropy']:.4f}, {read:.1f} % read after {broken.questions} questions")
    streams = [np.frombuffer(Settings(quality=50.0)(plane), np.uint8) for plane in planes.values()]
    stream = {
        "plain": float(np.mean([entropy(one) for one in streams])),
        "chaos": float(np.mean([entropy(encrypt(one, _KEY)) for one in streams])),
    }
    rng = np.random.default_rng(0)
    periods = {
        bits: int(
            np.median([period(int(x) >> (64 - bits) or 1, _KEY.r, bits) for x in rng.integers(2**63, size=_STARTS)])
        )
        for bits in _PERIODS
    }
    means = {
        name: {key: float(np.mean([one[key] for one in found])) for key in found[0]}
        for name, found in rows.items()
        if found
    }
    return _result(means, stream, periods, max(questions), len(planes), missing)


def _chacha20() -> Cipher:
    """ChaCha20 with a key and, for each picture, a nonce of its own."""
    with needs_extra("the row of ChaCha20", "crypto"):
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    cipher = ChaCha20Poly1305(secrets.token_bytes(32))

    def sealed(data: Plane) -> Plane:
        return np.frombuffer(cipher.encrypt(secrets.token_bytes(12), data.tobytes(), None), np.uint8)[: data.size]

    return sealed


def _result(
    means: Mapping[str, Mapping[str, float]],
    stream: Mapping[str, float],
    periods: Mapping[int, int],
    questions: int,
    pictures: int,
    missing: str,
) -> Result:
    heads = {"plain": "plain picture", "chaos": "logistic map", "chacha20": "ChaCha20, a nonce for each picture"}
    there = [name for name in heads if name in means]
    rows = [
        (label, f"{_IDEAL[key]:.4f}" if key in _IDEAL else "", *(_cell(means[name].get(key)) for name in there))
        for key, label in _NAMES.items()
    ]
    columns = ("figure", "of random bytes", *(heads[name] for name in there))
    orbits = [(str(bits), f"{count:,}", f"{count / 2 ** (bits / 2):.2f}") for bits, count in periods.items()]
    intro = [
        "Mulkiah 2021, in the survey of Wang and Wang (S3), encrypts what a network has compressed by a logistic map. "
        "Neither text nor code of that paper could be had; the cipher here is of its kind, an order and a diffusion in "
        "both directions from the map, in whole numbers. Papers of the kind argue by entropy, the correlation of "
        "neighbours, NPCR and UACI (how many samples change, and by how much, when one sample of the picture does) and "
        "by what a changed key changes. All of these come out as they should, or nearly: one more pass would mend NPCR "
        "and UACI. The last row is what they are worth.",
        f"The attacker may have {questions} pictures of his choice encrypted, and has no key. From the answers alone "
        "he then decrypts any picture of that size.",
    ]
    if missing:
        intro.append(f"Left out: {missing}.")
    notes = [
        "The figures measure how random the output looks, and a cipher without any secret would pass them. None of "
        "them asks what an attacker can find out.",
        "Why it breaks: the order and both streams depend on the key alone and are the same for each picture. Lowest "
        "bits add up without carries, so pictures that number their samples in binary spell out the order; seven more "
        "give the streams. A longer key or a better map changes nothing of this. A nonce for each picture, and a "
        "cipher that was made to withstand such questions, do.",
        "A sequence in b bits runs into a cycle of at most the order of 2^(b/2) numbers, mostly of far fewer, whatever "
        "the key: with 32 bits, shorter than a row of a picture. In floats it does too, into another one on each "
        "machine. The cipher here has 64 bits.",
        f"Encrypting the compressed stream in place of samples changes its entropy from {stream['plain']:.3f} to "
        f"{stream['chaos']:.3f} bits a byte (a short file cannot have 8). The attack is the same.",
        "Nothing here notices a changed byte. latentpress compress --encrypt uses ChaCha20-Poly1305 with a key by "
        "scrypt, which does (docs/encryption.md).",
    ]
    data: dict[str, Any] = {
        "study": "s3-encryption", "date": now(), "machine": machine(), "versions": versions(), "pictures": pictures,
        "means": {name: dict(found) for name, found in means.items()}, "entropy_of_streams": dict(stream),
        "periods": {str(bits): count for bits, count in periods.items()}, "questions": questions, "ideal": _IDEAL,
    }  # fmt: skip
    tables = [
        Table(f"Means over {pictures} pictures, first channel, 8 bits", columns, rows),
        Table(f"Period of the map, median of {_STARTS} starts", ("bits of x", "numbers", "of 2^(bits/2)"), orbits),
    ]
    return Result("s3-encryption", "Encryption by a logistic map, and how it is broken", intro, tables, notes, data)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
