"""The MQ coder: the standard's own example, lanes, contexts, what it costs."""

from __future__ import annotations

import itertools

import numpy as np

from latentpress.entropy.mq import MqDecoder, MqEncoder

# ITU-T T.88, H.2: 256 decisions in one context, and the bytes that they become.
DECISIONS = "00020051000000C00352872AAAAAAAAA82C02000FCD79EF6BF7FED904F46A3BF"
CODED = "84C73BFCE1A1430402200000410DBB86F4317FFF88FF37471ADB6ADF"


def test_the_example_of_the_standard_in_each_lane() -> None:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(DECISIONS), np.uint8)).astype(bool)
    coder, same = MqEncoder(3, [0]), np.zeros(256, np.int64)
    for lane in (0, 2):
        coder.encode(same + lane, same, bits)
    parts = coder.finish()
    assert [parts[0].hex().upper(), parts[2].hex().upper()] == [CODED, CODED]
    assert len(parts[1]) < 4
    assert np.array_equal(MqDecoder(parts, [0]).decode(same + 2, same), bits)


def test_many_lanes_and_contexts() -> None:
    rng = np.random.default_rng(0)
    count = 40_000
    lane, context = rng.integers(0, 7, count) ** 2 % 30, rng.integers(0, 19, count)
    chance = np.linspace(0.005, 0.97, 19)[context]
    bits = rng.random(count) < chance
    start = [4, *[0] * 18]
    coder = MqEncoder(30, start)
    for part in np.array_split(np.arange(count), 9):
        coder.encode(lane[part], context[part], bits[part])
    parts = coder.finish()
    ideal = -np.log2(np.where(bits, chance, 1 - chance)).sum() / 8
    assert sum(map(len, parts)) < 1.06 * ideal + 7 * 19
    assert all(part[-1:] != b"\xff" for part in parts)
    assert all(after <= 0x8F for part in parts for one, after in itertools.pairwise(part) if one == 0xFF)
    decoder = MqDecoder(parts, start)
    for part in np.array_split(np.arange(count), 4):
        assert np.array_equal(decoder.decode(lane[part], context[part]), bits[part])


def test_any_bytes_decode_to_something() -> None:
    rng = np.random.default_rng(1)
    decoder = MqDecoder([rng.bytes(20), b"", b"\xff\xff\xff", b"\xff"], [0] * 3)
    lane = rng.integers(0, 4, 5000)
    assert decoder.decode(lane, rng.integers(0, 3, 5000)).shape == (5000,)
