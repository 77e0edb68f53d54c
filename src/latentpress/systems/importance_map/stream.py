"""A tile's coefficients to bytes and back.

Order: CRC32 of the coefficients (4 bytes, little-endian), then one range-coded stream: importance map, number of planes
of each group of feature maps, bit planes.
"""

from __future__ import annotations

import numpy as np

from latentpress.entropy import SymbolReader, SymbolWriter
from latentpress.errors import CorruptFileError, LatentPressError
from latentpress.systems.importance_map.bitplanes import TOP_LIMIT, BitsFound, BitsGiven, PlaneCoder, tops_of
from latentpress.systems.importance_map.maps import decode_map, encode_map
from latentpress.systems.importance_map.model import ImportanceModel
from latentpress.systems.importance_map.quantiser import Coefficients, shifts_of

__all__ = ["decode_tile", "encode_tile"]

_CHECK_BYTES = 4


def encode_tile(model: ImportanceModel, coefficients: Coefficients, rate: int, number: int = 0) -> bytes:
    """The stream of the tile ``number``. Reads it back before it hands it out; raises LatentPressError if that does not
    give the same coefficients.
    """
    writer = SymbolWriter()
    encode_map(coefficients.dropped, model.map_tables, writer)
    tops = tops_of(coefficients.magnitude, model.pyramid)
    group = np.arange(tops.size, dtype=np.uint8)
    writer.write(tops - model.usual_tops(rate), group, model.top_tables)
    shifts = shifts_of(coefficients.dropped, model.latents, model.pyramid)
    coder = PlaneCoder(model, rate, shifts, coefficients.dropped, tops)
    coder.run(BitsGiven(coefficients.magnitude, coefficients.sign, writer, model.bit_tables))
    data = coefficients.check(number) + writer.finish()
    height, width = coefficients.dropped.shape
    try:
        decode_tile(model, data, rate, height, width, number)  # compares checksums
    except CorruptFileError as error:
        raise LatentPressError("the coded symbols do not read back; please report this picture") from error
    return data


def decode_tile(
    model: ImportanceModel, data: bytes, rate: int, height: int, width: int, number: int = 0
) -> Coefficients:
    """The coefficients of a stream that `encode_tile` made for that tile.

    Raises CorruptFileError when the stream is damaged or its coefficients do not match their checksum.
    """
    if len(data) < _CHECK_BYTES:
        raise CorruptFileError("the symbol stream is too short")
    reader = SymbolReader(data[_CHECK_BYTES:])
    dropped = decode_map(height, width, model.map_tables, reader)
    usual = model.usual_tops(rate)
    tops = reader.read(np.arange(usual.size, dtype=np.uint8), model.top_tables) + usual
    if not 0 <= tops.min() <= tops.max() <= TOP_LIMIT:
        raise CorruptFileError("the symbol stream is damaged: a number of planes is out of range")
    shifts = shifts_of(dropped, model.latents, model.pyramid)
    coder = PlaneCoder(model, rate, shifts, dropped, tops)
    coder.run(BitsFound(reader, model.bit_tables))
    reader.finish()
    coefficients = Coefficients(dropped, coder.magnitude, coder.sign)
    if coefficients.check(number) != data[:_CHECK_BYTES]:
        raise CorruptFileError("the decoded symbols do not match their checksum")
    return coefficients
