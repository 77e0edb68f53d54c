"""The marker segments of a JPEG file (ITU-T T.81, Annex B): frame, tables, scans, and where their bytes lie."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from latentpress.codecs.jpeg.huffman import HuffmanTable
from latentpress.errors import CorruptFileError, UnsupportedError

__all__ = ["Component", "Conditions", "Frame", "Scan", "Structure", "parse"]

SOI, EOI, SOS, DQT, DHT, DRI, DAC, JFIF, ADOBE = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xCC, 0xE0, 0xEE
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_READ = {0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA}
_PROGRESSIVE, _ARITHMETIC, _LOSSLESS = {0xC2, 0xCA}, {0xC9, 0xCA}, 0xC3
_BARE = {0x00, 0x01, *range(0xD0, 0xD8)}  # markers without a length; 0 makes none
_MAX_SCANS = 200
_BAD_SCAN = CorruptFileError("the JPEG file has a damaged scan header")


@dataclass(frozen=True)
class Component:
    """A component of the frame. horizontal, vertical: its sampling factors; table: number of its quantisation table."""

    id: int
    horizontal: int
    vertical: int
    table: int


@dataclass(frozen=True)
class Frame:
    """Size and components of the picture. bits: of a sample. A lossless frame has samples where others have blocks."""

    progressive: bool
    width: int
    height: int
    components: tuple[Component, ...]
    arithmetic: bool = False
    lossless: bool = False
    bits: int = 8

    @property
    def most(self) -> tuple[int, int]:
        """The largest sampling factors (vertical, horizontal)."""
        return max(c.vertical for c in self.components), max(c.horizontal for c in self.components)

    @property
    def mcus(self) -> tuple[int, int]:
        """Rows and columns of the units of an interleaved scan."""
        vertical, horizontal = self.most
        return _upper(self.height, 8 * vertical), _upper(self.width, 8 * horizontal)

    def blocks(self, index: int) -> tuple[int, int]:
        """Rows and columns of blocks that a component has, filled up to whole units."""
        rows, columns = self.mcus
        component = self.components[index]
        return rows * component.vertical, columns * component.horizontal

    def own_blocks(self, index: int) -> tuple[int, int]:
        """Rows and columns of blocks that hold samples of the picture: what a scan of one component visits."""
        vertical, horizontal = self.most
        component = self.components[index]
        return (
            _upper(_upper(self.height * component.vertical, vertical), 8),
            _upper(_upper(self.width * component.horizontal, horizontal), 8),
        )


@dataclass(frozen=True)
class Conditions:
    """How arithmetic coding takes a component. dc, ac: numbers of its statistics, which components may share. small,
    large: bounds of what counts as a small difference; near: the last coefficient of those with a low frequency.
    """

    dc: int
    ac: int
    small: int = 0
    large: int = 1
    near: int = 5


@dataclass(frozen=True)
class Scan:
    """A scan: header values, and start and end of its entropy-coded bytes in the file.

    dc, ac: Huffman tables of each of its components, None where none was defined. low, high, shift, before: Ss, Se, Al
    and Ah of the standard. restart: units between restart markers, 0 for none. conditions: of each component.
    """

    components: tuple[int, ...]
    dc: tuple[HuffmanTable | None, ...]
    ac: tuple[HuffmanTable | None, ...]
    low: int
    high: int
    before: int
    shift: int
    restart: int
    start: int
    end: int
    conditions: tuple[Conditions, ...] = ()


@dataclass
class Structure:
    """What the markers say. tables: quantisation tables (64,) in zigzag order, by number, as the first scan finds
    them. jfif: whether there is a JFIF segment; adobe: the number of colours in Adobe's. whole: whether the file has an
    end."""

    frame: Frame
    tables: dict[int, np.ndarray] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)
    jfif: bool = False
    adobe: int | None = None
    whole: bool = True

    @property
    def component_tables(self) -> list[np.ndarray]:
        """The quantisation table of each component; ones for a component that no scan has."""
        return [self.tables.get(part.table, np.ones(64, np.int64)) for part in self.frame.components]


def parse(data: bytes, cut: bool = False, partial: bool = False) -> Structure:
    """Read the markers of a file.

    cut: whether the entropy-coded bytes were taken out of it, so that each scan's start is its end too. partial: read a
    file that is cut short as far as it goes, if it has come to its first scan.

    Raises CorruptFileError for a file that breaks the standard or is cut short, UnsupportedError for hierarchical and
    arithmetic-coded lossless JPEG, 12 bits a sample and sizes that a later marker gives.
    """
    parser = _Parser(data, cut)
    try:
        parser.run()
    except _CutShort:
        if not partial:
            raise
        if parser.structure is not None:
            parser.structure.whole = False
    except (IndexError, ValueError) as error:
        raise CorruptFileError("the JPEG file is damaged") from error
    if parser.structure is None or not parser.structure.scans:
        raise CorruptFileError("the JPEG file has no picture")
    return parser.structure


class _CutShort(CorruptFileError):
    """The file ends before its end marker."""

    def __init__(self) -> None:
        super().__init__("the JPEG file is cut short")


class _Parser:
    def __init__(self, data: bytes, cut: bool) -> None:
        self._data = data
        self._cut = cut
        self._limits: dict[tuple[int, int], int] = {}  # of arithmetic coding, by kind and number
        self._dc: dict[int, HuffmanTable] = {}
        self._ac: dict[int, HuffmanTable] = {}
        self._quantisers: dict[int, np.ndarray] = {}
        self._restart = 0
        self._jfif = False
        self._adobe: int | None = None
        self.structure: Structure | None = None

    def run(self) -> None:
        data, position = self._data, 2
        if data[:2] != b"\xff\xd8":
            raise CorruptFileError("this is no JPEG file")
        while True:
            position = data.find(b"\xff", position)  # programs skip what is no marker
            while 0 <= position < len(data) and data[position] == 0xFF:
                position += 1
            if not 0 <= position < len(data):
                raise _CutShort
            marker = data[position]
            position += 1
            if marker == EOI:
                break
            if marker in _BARE:
                continue
            length = int.from_bytes(data[position : position + 2], "big")
            if position + max(length, 2) > len(data):
                raise _CutShort
            if length < 2:
                raise CorruptFileError("the JPEG file is damaged: a segment without a length")
            body = data[position + 2 : position + length]
            position += length
            if marker == SOS:
                position = self._scan(body, position)
            else:
                self._segment(marker, body)

    def _segment(self, marker: int, body: bytes) -> None:
        if marker in _FRAMES:
            self._frame(marker, body)
        elif marker == DRI:
            self._restart = int.from_bytes(body[:2], "big")
        elif marker == JFIF:
            self._jfif |= body.startswith(b"JFIF\0")
        elif marker == ADOBE and body.startswith(b"Adobe") and len(body) >= 12:
            self._adobe = body[11]
        elif marker == DAC:
            for place, value in zip(body[::2], body[1::2], strict=True):
                self._limits[place >> 4, place & 15] = value
        elif marker == DQT:
            while body:
                wide, number = body[0] >> 4, body[0] & 15
                size = 128 if wide else 64
                if len(body) <= size or wide > 1:
                    raise CorruptFileError("the JPEG file has a damaged quantisation table")
                values = np.frombuffer(body[1 : size + 1], ">u2" if wide else "u1").astype(np.int64)
                if not values.all():
                    raise CorruptFileError("the JPEG file has a quantisation table with zeros")
                self._quantisers[number] = values
                body = body[size + 1 :]
        elif marker == DHT:
            while body:
                kind, number = body[0] >> 4, body[0] & 15
                total = sum(body[1:17])
                table = HuffmanTable(body[1:17], body[17 : 17 + total])
                (self._ac if kind else self._dc)[number] = table
                body = body[17 + total :]

    def _frame(self, marker: int, body: bytes) -> None:
        if marker not in _READ:
            raise UnsupportedError("hierarchical JPEG files and lossless ones with arithmetic codes are not read")
        if self.structure is not None:
            raise UnsupportedError("JPEG files of several frames are not read")
        height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        lossless = marker == _LOSSLESS
        if not height or not width or not (2 <= body[0] <= 16 if lossless else body[0] == 8):
            raise UnsupportedError("only JPEG files of 8 bits a sample with their size up front are read")
        count = body[5]
        components = tuple(
            Component(body[at], body[at + 1] >> 4, body[at + 1] & 15, body[at + 2]) for at in range(6, 6 + 3 * count, 3)
        )
        fits = all(1 <= c.horizontal <= 4 and 1 <= c.vertical <= 4 for c in components)
        if not fits or not 1 <= count <= 4 or len({c.id for c in components}) < count:
            raise CorruptFileError("the JPEG file has a damaged frame header")
        progressive, arithmetic = marker in _PROGRESSIVE, marker in _ARITHMETIC
        frame = Frame(progressive, width, height, components, arithmetic, lossless, body[0])
        self.structure = Structure(frame)

    def _scan(self, body: bytes, start: int) -> int:
        structure = self.structure
        if structure is None or len(structure.scans) >= _MAX_SCANS:
            raise CorruptFileError("the JPEG file has a scan before its frame, or too many scans")
        structure.jfif, structure.adobe = self._jfif, self._adobe
        frame, count = structure.frame, body[0]
        ids = [component.id for component in frame.components]
        rows = [(body[at], body[at + 1] >> 4, body[at + 1] & 15) for at in range(1, 1 + 2 * count, 2)]
        low, high, before, shift = body[-3], body[-2], body[-1] >> 4, body[-1] & 15
        if len(body) != 4 + 2 * count or not 1 <= count <= len(ids):
            raise _BAD_SCAN
        if not frame.progressive and not frame.lossless:
            low, high, before, shift = 0, 63, 0, 0
        if frame.lossless:
            fits = 1 <= low <= 7 and shift < frame.bits
        else:
            fits = low <= high <= 63 and shift <= 13 and not (low == 0 and high and frame.progressive)
            fits = fits and not (low and count > 1) and not (before and before != shift + 1)
        components = tuple(ids.index(id) for id, _, _ in rows)
        if not fits or list(components) != sorted(set(components)):
            raise _BAD_SCAN
        parts = [frame.components[component] for component in components]
        if count > 1 and sum(part.horizontal * part.vertical for part in parts) > 10:
            raise CorruptFileError("the JPEG file has more than ten blocks in a unit")
        for number in [] if frame.lossless else [part.table for part in parts]:
            if number not in self._quantisers:
                raise CorruptFileError("the JPEG file lacks a quantisation table")
            if structure.tables.setdefault(number, self._quantisers[number]) is not self._quantisers[number]:
                raise UnsupportedError("JPEG files that change their quantisation tables are not read")
        end = start if self._cut else _end_of_scan(self._data, start)
        dc, ac = (tuple(tables.get(row[place]) for row in rows) for tables, place in ((self._dc, 1), (self._ac, 2)))
        conditions = tuple(self._conditions(*row[1:]) for row in rows)
        structure.scans.append(
            Scan(components, dc, ac, low, high, before, shift, self._restart, start, end, conditions)
        )
        return end

    def _conditions(self, dc: int, ac: int) -> Conditions:
        bounds, near = self._limits.get((0, dc), 0x10), self._limits.get((1, ac), 5)
        return Conditions(dc, ac, bounds & 15, bounds >> 4, near)


def _upper(value: int, unit: int) -> int:
    """How many units cover a value."""
    return -(-value // unit)


def _end_of_scan(data: bytes, start: int) -> int:
    """Position of the marker that ends the entropy-coded bytes, or of the file's end."""
    position = start
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            return len(data) if position < 0 else position
        following = data[position + 1]
        if following and not 0xD0 <= following <= 0xD7:
            return position
        position += 2
