"""Codes of words: Golomb-Rice, Huffman, rANS; each against what it should cost, and damaged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import constriction
import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.entropy.classes import SYMBOLS, extra_bits, join_classes, split_classes
from latentpress.entropy.fields import bits_of, pack_fields, unpack_fields
from latentpress.entropy.golomb import decode_golomb, encode_golomb
from latentpress.entropy.huffman import code_lengths, decode_huffman, encode_huffman
from latentpress.entropy.rans import decode_rans, encode_rans, frequencies
from latentpress.errors import CorruptFileError

CODES: dict[str, tuple[Callable[..., bytes], Callable[..., NDArray[Any]]]] = {
    "golomb": (encode_golomb, decode_golomb),
    "huffman": (partial(encode_huffman, alphabet=40), partial(decode_huffman, alphabet=40)),
    "rans": (partial(encode_rans, alphabet=40), partial(decode_rans, alphabet=40)),
}


def numbers(count: int, chance: float = 0.3) -> NDArray[np.uint8]:
    return np.minimum(np.random.default_rng(count).geometric(chance, count) - 1, 39).astype(np.uint8)


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("count", [0, 1, 2, 63, 5000, 70_000])
def test_numbers_come_back(name: str, count: int) -> None:
    encode, decode = CODES[name]
    for values in (numbers(count), np.full(count, 7, np.uint8)):
        assert np.array_equal(decode(encode(values), count), values)


def test_what_they_cost() -> None:
    """rANS as little as the stack coder of another library; Huffman the sum of its merged nodes; Golomb its lengths."""
    values = numbers(70_000)
    shares = frequencies(np.bincount(values, minlength=40).astype(np.int64))
    assert shares.sum() == 4096
    coder = constriction.stream.stack.AnsCoder()
    used = int(np.flatnonzero(shares)[-1]) + 1
    model = constriction.stream.model.Categorical(shares[:used] / 4096, perfect=False)
    coder.encode_reverse(values.astype(np.int32), model)
    theirs = 4 * len(coder.get_compressed())
    assert abs(len(encode_rans(values, 40)) - 65 - 4 * 64 - theirs) < 0.005 * theirs  # but for table and states
    counts = sorted(np.bincount(values).tolist())
    counts, total = [count for count in counts if count], 0
    while len(counts) > 1:
        total, counts = total + counts[0] + counts[1], sorted([counts[0] + counts[1], *counts[2:]])
    assert len(encode_huffman(values, 40)) == -(-(total + 5 * 40) // 8)
    best = min(int((values >> k).sum()) + values.size * (k + 1) for k in range(8))
    assert len(encode_golomb(values)) == 1 + -(-best // 8)


def test_long_huffman_codes_are_made_shorter() -> None:
    counts = np.array([int(1.7**n) for n in range(40)])
    lengths = code_lengths(counts)
    assert lengths.max() == 16
    assert np.sum(2.0**-lengths) <= 1


@pytest.mark.parametrize("name", CODES)
def test_damage_is_an_error_or_other_numbers(name: str) -> None:
    encode, decode = CODES[name]
    data, rng, refused = encode(numbers(3000)), np.random.default_rng(0), 0
    for trial in range(40):
        bad = bytearray(data)
        bad[rng.integers(len(bad))] ^= 1 << rng.integers(8)
        broken = bytes(bad) if trial % 2 else data[: rng.integers(len(data) - 300)]
        try:
            assert decode(broken, 3000).shape == (3000,)
        except CorruptFileError:
            refused += 1
    assert refused >= 20


def test_fields_and_classes() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 40, 500)
    values = rng.integers(0, 2**40, 500) & ((1 << lengths) - 1)
    data = pack_fields(values, lengths)
    assert len(data) == -(-int(lengths.sum()) // 8)
    assert np.array_equal(unpack_fields(bits_of(data), lengths), values)
    with pytest.raises(CorruptFileError):
        unpack_fields(bits_of(data[:-2]), lengths)
    large = np.concatenate([np.arange(300), 2 ** np.arange(24), 2 ** np.arange(1, 25) - 1])
    symbols, extra = split_classes(large)
    assert symbols.max() == SYMBOLS - 1
    assert np.array_equal(join_classes(symbols, extra), large)
    assert extra_bits(symbols)[300 + 23] == 23
