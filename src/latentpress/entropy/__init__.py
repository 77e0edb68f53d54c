"""Symbols to bytes: integer probability tables and the range coder that uses them.

Everything here is exact: the tables are integers, the coder works on integers, and the same symbols with the same
tables give the same bytes on every machine.
"""

from latentpress.entropy.build import quantise_pmf
from latentpress.entropy.reader import SymbolReader
from latentpress.entropy.tables import TOTAL, ProbabilityTables
from latentpress.entropy.writer import SymbolWriter

__all__ = ["TOTAL", "ProbabilityTables", "SymbolReader", "SymbolWriter", "quantise_pmf"]
