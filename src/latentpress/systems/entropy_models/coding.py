"""Symbols with predicted distributions: logistic ones out of tables, mixtures of them bit by bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.mean_scale.layout import MEAN_BITS
from latentpress.codecs.ports import Port
from latentpress.codecs.scales import tables_of
from latentpress.entropy import TOTAL, ProbabilityTables
from latentpress.systems.entropy_models.layout import FINE_SCALES, FRACTIONS, LIMIT, MASS_BITS, TABLES

__all__ = ["Coder", "Float", "Ints", "LogisticCoder", "MixtureCoder", "coder_of", "taken"]

Float = NDArray[np.float32]
Ints = NDArray[np.int32]


_CHANCES = np.arange(1, TOTAL, dtype=np.uint32)
_EDGES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 2 * LIMIT + 1)  # of magnitudes


def taken(wanted: Ints | None, places: NDArray[np.intp]) -> Ints | None:
    """Wanted latents at flat places, None where they are not known."""
    return None if wanted is None else wanted.take(places)


class Coder(Protocol):
    """Codes latents with what networks say of them."""

    def __call__(self, port: Port, wanted: Ints | None, mean: Float, index: Float, weight: Float | None = None) -> Ints:
        """Latents (n,). mean, index (components, n): multiples of 1/16 of a step of theirs; weight (components, n):
        logarithms to base 2 of the components' shares, in sixteenths, None for one component.
        """


class LogisticCoder:
    """One distribution for each latent: the table of its scale and of the fraction of its mean. A mean above a whole
    number mirrors one below it.
    """

    def __init__(self, tables: Mapping[str, NDArray[Any]]) -> None:
        self.tables = ProbabilityTables(tables["counts"], tables["radius"])
        if len(self.tables) != TABLES:
            raise ValueError(f"{len(self.tables)} tables of latents, not {TABLES}")

    def __call__(self, port: Port, wanted: Ints | None, mean: Float, index: Float, weight: Float | None = None) -> Ints:
        """See `Coder`."""
        centre, eighths = centres(mean[0])
        row = tables_of(index[0]).astype(np.int32)
        fine = row < FINE_SCALES
        sign = np.where(fine & (eighths < 0), -1, 1).astype(np.int32)
        table = np.where(fine, FRACTIONS * row + np.abs(eighths), row + FINE_SCALES * (FRACTIONS - 1))
        away = None if wanted is None else (wanted - centre) * sign
        symbols = port.symbols(away, table.astype(np.uint8), self.tables, 2 * LIMIT, "latents")
        coded: Ints = np.clip(symbols * sign + centre, -LIMIT, LIMIT)
        return coded


def centres(mean: Float) -> tuple[Ints, Ints]:
    """The whole number nearest to each mean, and how many eighths of a step the mean lies above it, -4..4."""
    sixteenths = np.clip(mean * np.float32(1 << MEAN_BITS), -LIMIT << MEAN_BITS, LIMIT << MEAN_BITS).astype(np.int32)
    centre = (sixteenths + 8) >> MEAN_BITS
    return centre, (sixteenths - (centre << MEAN_BITS) + 1) >> 1


class MixtureCoder:
    """Mixtures, whose chances are sums of whole numbers: the mass of each component below a number stands in a table,
    times a whole-number share. Whether a latent is the whole number nearest to the heaviest component's mean, on which
    side of it, between which edges, and which half of what is left again and again, are bits with such chances.
    dead_zone: eighths of a step by which whole numbers end further away from zero than half way to the next.
    """

    def __init__(self, tables: Mapping[str, NDArray[Any]], dead_zone: int = 0) -> None:
        self._dead_zone = dead_zone
        self._mass = tables["mass"].astype(np.int64)  # (scales, eighths of a step above the mean), of 2^24
        if self._mass.ndim != 2:
            raise ValueError(f"masses of shape {self._mass.shape}")

    def __call__(self, port: Port, wanted: Ints | None, mean: Float, index: Float, weight: Float | None = None) -> Ints:
        """See `Coder`."""
        assert weight is not None
        level = np.clip(weight * np.float32(16), -64, 63).astype(np.int64)
        share = (16 + (level & 15)) << ((level >> 4) + 4)  # a power of two, straight between whole ones
        heaviest = share.argmax(axis=0)[None]
        centre = centres(np.take_along_axis(mean, heaviest, axis=0)[0])[0]
        eighths = np.clip(mean * np.float32(8), -8 * LIMIT, 8 * LIMIT).astype(np.int64)
        mixture = _Mixture(
            self._mass, self._dead_zone, share, eighths, tables_of(index, len(self._mass)).astype(np.intp)
        )

        def told(value: Ints | None, over: Any, ones: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.bool_]:
            """Code whether values lie over something, of which the chance is ones / of."""
            chance = np.clip((ones << 16) // np.maximum(of, 1), 1, TOTAL - 1)
            larger: NDArray[np.bool_] = port.bits(None if value is None else value > over, chance - 1, _CHANCES) == 1
            return larger

        away = None if wanted is None else wanted - centre
        total, low, high = mixture.total(), mixture.below(centre), mixture.below(centre + 1)
        some = np.flatnonzero(told(None if away is None else np.abs(away), 0, total - high + low, total))
        mixture, away = mixture.take(some), taken(away, some)
        low, high, total, middle = low[some], high[some], total[some], centre[some]
        up = told(away, 0, total - high, total - high + low)
        size = None if away is None else np.abs(away)

        def beyond(which: NDArray[np.intp], magnitude: Any) -> NDArray[np.int64]:
            """Mass of larger magnitudes on the latent's side."""
            part, rising = mixture.take(which), up[which]
            mass = part.below(np.where(rising, middle[which] + magnitude + 1, middle[which] - magnitude))
            return np.where(rising, total[which] - mass, mass)

        least, most = np.zeros(some.size, np.int64), np.full(some.size, _EDGES[-1])
        left = np.arange(some.size)
        inner, outer = beyond(left, 0), np.zeros(some.size, np.int64)  # mass beyond the least, and beyond the most
        for edge in _EDGES[1:-1]:
            over = beyond(left, edge)
            larger = told(taken(size, left), edge, over, inner[left])
            most[left[~larger]], outer[left[~larger]] = edge, over[~larger]
            left = left[larger]
            least[left], inner[left] = edge, over[larger]
            if not left.size:
                break
        outer[left] = beyond(left, most[left])
        while (left := np.flatnonzero(most - least > 1)).size:
            half = (least[left] + most[left]) // 2
            over, rest = beyond(left, half), outer[left]
            larger = told(taken(size, left), half, over - rest, inner[left] - rest)
            least[left], inner[left] = np.where(larger, (half, over), (least[left], inner[left]))
            most[left], outer[left] = np.where(larger, (most[left], rest), (half, over))
        centre[some] += np.where(up, most, -most).astype(np.int32)
        return np.clip(centre, -LIMIT, LIMIT)


class _Mixture:
    """Mixtures of latents (n,): share, mean in eighths, row of the masses, each (components, n)."""

    def __init__(self, mass: NDArray[np.int64], dead_zone: int, *parts: NDArray[Any]) -> None:
        self._mass, self._dead_zone, self._parts = mass, dead_zone, parts

    def take(self, which: NDArray[np.intp]) -> _Mixture:
        """Those of some latents."""
        return _Mixture(self._mass, self._dead_zone, *(part[:, which] for part in self._parts))

    def total(self) -> NDArray[np.int64]:
        """Mass of all numbers."""
        total: NDArray[np.int64] = self._parts[0].sum(axis=0) << MASS_BITS
        return total

    def below(self, number: NDArray[Any]) -> NDArray[np.int64]:
        """Mass below whole numbers (n,), up to the half step before them and what the dead zone shifts it by."""
        share, eighths, row = self._parts
        place = 8 * number - 4 + np.where(number > 0, self._dead_zone, -self._dead_zone) - eighths
        mass = self._mass[row, np.minimum(np.abs(place), self._mass.shape[1] - 1)]
        below: NDArray[np.int64] = (share * np.where(place < 0, (1 << MASS_BITS) - mass, mass)).sum(axis=0)
        return below


def coder_of(config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> Coder:
    """The coder that the tables of a package are for."""
    return MixtureCoder(tables, int(config.get("dead_zone", 0))) if "mass" in tables else LogisticCoder(tables)
