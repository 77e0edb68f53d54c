/**
 * constriction's range decoder (32-bit words, 64-bit state, 24-bit probabilities) in plain numbers: a 64-bit value is two
 * 32-bit halves, and every product is put together from parts below 2^53, so that all of it is exact.
 */
import { damaged } from "./errors.js";

const WORD = 2 ** 32;
const PRECISION = 24;
const WHOLE = 2 ** PRECISION;

/** The cumulative distribution of integer counts that sum to 65536, as constriction quantises it ("perfect=False"). */
export function cumulative(counts) {
  const free = WHOLE - counts.length;
  const bounds = new Uint32Array(counts.length + 1);
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    bounds[i] = Math.floor((sum * free) / 65536) + i;
    sum += counts[i];
  }
  bounds[counts.length] = WHOLE;
  return bounds;
}

const UNIFORM = new Map();

/** The cumulative distribution of `bits` bits of which nothing is known. */
export function uniform(bits) {
  if (!UNIFORM.has(bits)) UNIFORM.set(bits, Uint32Array.from({ length: 2 ** bits + 1 }, (_, i) => i * 2 ** (PRECISION - bits)));
  return UNIFORM.get(bits);
}

export class RangeDecoder {
  constructor(bytes) {
    const padded = new Uint8Array(4 * Math.ceil(bytes.length / 4));
    padded.set(bytes);
    this.words = new Uint32Array(padded.buffer);
    this.next = 0;
    // How far the coded point lies above the low end of the interval, and how long the interval is.
    this.high = this.word();
    this.low = this.word();
    this.rangeHigh = this.rangeLow = WORD - 1;
  }

  word() {
    return this.next < this.words.length ? this.words[this.next++] : (this.next++, 0);
  }

  /** Decode `count` symbols of one distribution into `out` from `start` on: positions among its `bounds`. */
  decode(bounds, count, out, start = 0) {
    const last = bounds.length - 2;
    let { high, low, rangeHigh, rangeLow } = this;
    for (let i = start; i < start + count; i++) {
      const scale = rangeHigh * 256 + (rangeLow >>> 24); // range / 2^24, below 2^40
      const scaleHigh = Math.floor(scale / 1048576), scaleLow = scale % 1048576;
      // The quotient may be one off, since a 64-bit number does not fit into a double; the exact products below tell.
      const quantile = (high * WORD + low) / scale;
      let symbol = 0, end = last;
      while (symbol < end) {
        const middle = (symbol + end + 1) >> 1;
        if (bounds[middle] <= quantile) symbol = middle;
        else end = middle - 1;
      }
      for (;;) {
        const left = bounds[symbol];
        // scale * left = upper * 2^20 + lower
        let upper = scaleHigh * left, lower = (upper % 4096) * 1048576 + scaleLow * left;
        let restHigh = high - Math.floor(upper / 4096) - Math.floor(lower / WORD), restLow = low - (lower % WORD);
        if (restLow < 0) (restLow += WORD), restHigh--;
        if (restHigh < 0) {
          symbol--; // the quotient was too large: left of the first symbol there is nothing, since its bound is 0
          continue;
        }
        const width = bounds[symbol + 1] - left;
        upper = scaleHigh * width;
        lower = (upper % 4096) * 1048576 + scaleLow * width;
        const nextHigh = Math.floor(upper / 4096) + Math.floor(lower / WORD), nextLow = lower % WORD;
        if (restHigh > nextHigh || (restHigh === nextHigh && restLow >= nextLow)) {
          if (symbol === last) throw damaged("its symbol stream fits no symbol");
          symbol++;
          continue;
        }
        (high = restHigh), (low = restLow), (rangeHigh = nextHigh), (rangeLow = nextLow);
        break;
      }
      if (!rangeHigh) (high = low), (low = this.word()), (rangeHigh = rangeLow), (rangeLow = 0);
      out[i] = symbol;
    }
    Object.assign(this, { high, low, rangeHigh, rangeLow });
  }

  /** Refuse data that are certainly left over. */
  finish() {
    if (this.next < this.words.length) throw damaged("its symbol stream is longer than its symbols");
  }
}
