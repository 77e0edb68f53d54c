/** Symbols of residuals, their tables and plain bits (`codecs/lossless/alphabet.py`, `tables.py`, `model.py`, `stream.py`). */
import { Cursor } from "./bytes.js";
import { damaged } from "./errors.js";
import { RangeDecoder } from "./range.js";

const DIRECT = 16, WHOLE = 2 ** 24;
const CLASSES = 72, PHASES = 4, FINE = 24, OCTAVES = 13;
const COUNT = 32, LIMIT = 2 ** 18, CHECK = 16;
export const TABLES = FINE * PHASES + CLASSES - FINE, LAST_CLASS = CLASSES - 1;

export const tableOf = (klass, phase) => (klass < FINE ? klass * PHASES + phase : klass + FINE * (PHASES - 1));

const quarters = (index) => (index < DIRECT ? [0, 0] : [Math.floor((index - DIRECT) / 4), (index - DIRECT) % 4]);
const extraOf = (index) => (index < DIRECT ? 0 : quarters(index)[0] + 2);
const firstOf = (index) => (index < DIRECT ? index : (4 + quarters(index)[1]) * 2 ** extraOf(index));

/** Counts (classes, magnitudes) that tables begin with: two-sided geometric distributions, for residuals of 17 bits. */
let begun;
function beginnings() {
  if (begun) return begun;
  const indices = Array.from({ length: DIRECT + 4 * OCTAVES }, (_, i) => i);
  const widths = indices.map((i) => 2n ** BigInt(extraOf(i)));
  const middles = indices.map((i) => BigInt(firstOf(i)) + widths[i] / 2n);
  begun = Array.from({ length: CLASSES }, (_, klass) => {
    const scale = BigInt(4 + (klass % 4)) << BigInt(klass >> 2);
    const side = middles.map((middle, i) => power((scale << 30n) / (scale + 64n), middle) * widths[i]);
    const sum = 2n * side.reduce((total, one) => total + one) - side[0];
    return side.map((one) => Number(1n + (one * 4096n) / sum));
  });
  return begun;
}

/** A power of base / 2^30, in units of 2^-30. */
function power(base, exponent) {
  let result = 1n << 30n;
  for (let bit = 0n; bit < 17n; bit++, base = (base * base) >> 30n) if ((exponent >> bit) & 1n) result = (result * base) >> 30n;
  return result;
}

/** Reads residuals of magnitude below 2^bits. `drawn`: there are two more tables, of flat places. */
export class Residuals {
  constructor(data, bits, drawn) {
    const cursor = new Cursor(data), coded = cursor.take(cursor.varint());
    if (coded.at(-1) === 0) throw damaged("its alpha plane ends with a zero byte");
    this.coder = new RangeDecoder(coded);
    this.plain = cursor.take(cursor.left);
    this.bit = this.waves = 0;
    this.zero = DIRECT + 4 * (Math.max(bits, 5) - 4) - 1;
    this.size = 2 * this.zero + 1;
    const magnitude = (symbol) => Math.abs(symbol - this.zero), rows = beginnings();
    this.counts = new Float64Array((TABLES + (drawn ? 2 : 0)) * this.size);
    for (let klass = 0; klass < CLASSES; klass++) {
      for (let phase = 0; phase < PHASES; phase++) {
        for (let symbol = 0; symbol < this.size; symbol++) this.counts[tableOf(klass, phase) * this.size + symbol] = rows[klass][magnitude(symbol)];
      }
    }
    for (let at = TABLES * this.size; at < this.counts.length; at++) {
      const index = magnitude(at % this.size);
      this.counts[at] = 2 * rows[0][index] + Math.floor(rows[LAST_CLASS][index] / 64) + 1;
    }
    this.bounds = new Uint32Array(this.size + 1);
    this.symbol = new Uint32Array(1);
  }

  /** The counts of a table, to be changed by nobody. */
  row(table) {
    return this.counts.subarray(table * this.size, (table + 1) * this.size);
  }

  /** A symbol with probabilities in proportion to `row`. */
  read(row) {
    const { size, bounds } = this;
    let total = 0, sum = 0;
    for (let i = 0; i < size; i++) total += row[i];
    const scale = (WHOLE - size) / total;
    for (let i = 0; i < size; i++) {
      bounds[i] = Math.floor(sum * scale) + i;
      sum += row[i];
    }
    bounds[size] = WHOLE;
    this.coder.decode(bounds, 1, this.symbol);
    return this.symbol[0];
  }

  /** The residual of a symbol, with its plain bits. Past the end there are zeros; `finish` tells. */
  join(symbol) {
    const index = Math.abs(symbol - this.zero);
    let value = firstOf(index);
    for (let i = 0; i < extraOf(index); i++, this.bit++) value += ((this.plain[this.bit >> 3] >> (this.bit & 7)) & 1) * 2 ** i;
    return symbol < this.zero ? -value : value;
  }

  /** Count the symbols of a wave. */
  learn(tables, symbols) {
    const { counts, size } = this;
    for (let i = 0; i < tables.length; i++) counts[tables[i] * size + symbols[i]] += COUNT;
    if (++this.waves % CHECK) return;
    for (let at = 0; at < counts.length; at += size) {
      const row = counts.subarray(at, at + size);
      if (row.reduce((sum, one) => sum + one) > LIMIT) row.forEach((one, i) => (row[i] = Math.ceil(one * 0.5)));
    }
  }

  finish() {
    this.coder.finish();
    const left = 8 * this.plain.length - this.bit;
    if (left < 0 || left >= 8) throw damaged("its alpha plane has another length");
  }
}
