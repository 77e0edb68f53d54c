/** Passes of symbols out of a stream: sorted by probability table, with escapes (see entropy/ of the library). */
import { LpxError, damaged } from "./errors.js";
import { RangeDecoder, cumulative, uniform } from "./range.js";

const PIECE = 16; // bits of an escape that go in one call

/** Probability tables over -r..r and an escape. A table of radius 0 codes nothing. */
export class Tables {
  constructor(counts, radius) {
    let start = 0;
    this.radius = radius;
    this.bounds = Array.from(radius, (r) => {
      const size = r ? 2 * r + 2 : 1;
      start += size;
      return r ? cumulative(counts.subarray(start - size, start)) : null;
    });
    if (start !== counts.length) throw new LpxError("the model's probability tables do not fit");
  }
}

export class SymbolReader {
  constructor(bytes) {
    if (bytes.at(-1) === 0) throw damaged("its symbol stream ends with a zero byte");
    this.coder = new RangeDecoder(bytes);
  }

  /** The symbols of a pass, each with that of the tables that `index` names; none above `limit` in magnitude. */
  read(index, tables, limit) {
    const starts = new Uint32Array(257);
    for (const table of index) starts[table + 1]++;
    for (let i = 0; i < 256; i++) starts[i + 1] += starts[i];
    const order = new Uint32Array(index.length), place = starts.slice();
    for (let i = 0; i < index.length; i++) order[place[index[i]]++] = i;

    const symbols = new Int32Array(index.length), part = new Int32Array(index.length), escaped = [];
    for (let table = 0; table < tables.radius.length; table++) {
      const radius = tables.radius[table], start = starts[table], end = starts[table + 1];
      if (!radius || start === end) continue;
      this.coder.decode(tables.bounds[table], end - start, part, start);
      for (let i = start; i < end; i++) {
        if (part[i] > 2 * radius) escaped.push(order[i]);
        else symbols[order[i]] = part[i] - radius;
      }
    }
    if (starts[tables.radius.length] !== index.length) throw new LpxError("the model names a table that it lacks");
    if (escaped.length) this.escapes(Uint32Array.from(escaped).sort(), index, tables, symbols);
    for (const symbol of symbols) if (Math.abs(symbol) > limit) throw damaged("one of its symbols is out of range");
    return symbols;
  }

  /** Symbols that no table holds: bit lengths of what exceeds the radius, signs, then the bits below the leading one. */
  escapes(where, index, tables, symbols) {
    const some = (bits, count) => {
      const out = new Uint32Array(count);
      this.coder.decode(uniform(bits), count, out);
      return out;
    };
    const lengths = some(5, where.length), negative = some(1, where.length);
    const excess = Float64Array.from(lengths);
    for (let length = 2; length < 32; length++) {
      const these = [...lengths.keys()].filter((i) => lengths[i] === length);
      if (!these.length) continue;
      for (const i of these) excess[i] = 2 ** (length - 1);
      for (let bits = length - 1; bits > 0; ) {
        const width = Math.min(bits, PIECE);
        bits -= width;
        some(width, these.length).forEach((piece, i) => (excess[these[i]] += piece * 2 ** bits));
      }
    }
    where.forEach((at, i) => {
      const magnitude = excess[i] + tables.radius[index[at]] + 1;
      if (magnitude >= 2 ** 31) throw damaged("one of its symbols is out of range");
      symbols[at] = negative[i] ? -magnitude : magnitude;
    });
  }

  finish() {
    this.coder.finish();
  }
}
