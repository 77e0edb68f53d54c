/** A raw LZMA stream with an end marker, of lc 3, lp 0, pb 0: what the lossless codec stores repetitions as. */
import { damaged } from "./errors.js";

const BROKEN = "a part of it is no LZMA stream";
const TOP = 2 ** 24, HALF = 1024, BITS = 11, MOVE = 5;
const LITERAL_CONTEXT = 3, STATES = 12, MATCH_MIN = 2, END = 2 ** 32 - 1;

const chances = (count) => new Uint16Array(count).fill(HALF);

class Coder {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 1;
    this.range = END;
    this.code = 0;
    if (bytes.length < 5 || bytes[0]) throw damaged(BROKEN);
    for (let i = 0; i < 4; i++) this.code = this.code * 256 + this.bytes[this.at++];
  }

  normalise() {
    if (this.range >= TOP) return;
    if (this.at >= this.bytes.length) throw damaged(BROKEN);
    this.range *= 256;
    this.code = this.code * 256 + this.bytes[this.at++];
  }

  bit(chance, i) {
    this.normalise();
    const bound = Math.floor(this.range / 2 ** BITS) * chance[i];
    if (this.code < bound) {
      this.range = bound;
      chance[i] += (2 ** BITS - chance[i]) >> MOVE;
      return 0;
    }
    this.range -= bound;
    this.code -= bound;
    chance[i] -= chance[i] >> MOVE;
    return 1;
  }

  direct(count) {
    let value = 0;
    for (; count; count--) {
      this.normalise();
      this.range = Math.floor(this.range / 2);
      const one = this.code >= this.range;
      if (one) this.code -= this.range;
      value = value * 2 + one;
    }
    return value;
  }

  tree(chance, bits, start = 0) {
    let node = 1;
    for (let i = 0; i < bits; i++) node = 2 * node + this.bit(chance, start + node);
    return node - (1 << bits);
  }

  reverse(chance, bits, start) {
    let node = 1, value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(chance, start + node);
      node = 2 * node + bit;
      value += bit << i;
    }
    return value;
  }
}

class Lengths {
  constructor() {
    Object.assign(this, { choice: chances(2), low: chances(8), middle: chances(8), high: chances(256) });
  }

  read(coder) {
    if (!coder.bit(this.choice, 0)) return MATCH_MIN + coder.tree(this.low, 3);
    if (!coder.bit(this.choice, 1)) return MATCH_MIN + 8 + coder.tree(this.middle, 3);
    return MATCH_MIN + 16 + coder.tree(this.high, 8);
  }
}

/** The `size` bytes of a stream. */
export function unLzma(bytes, size) {
  const coder = new Coder(bytes), out = new Uint8Array(size);
  const literal = chances(0x300 << LITERAL_CONTEXT), match = chances(STATES), repeated = chances(STATES * 5);
  const slots = chances(4 * 64), special = chances(115), align = chances(16), lengths = new Lengths(), again = new Lengths();
  const last = [0, 0, 0, 0];
  let state = 0, place = 0;
  for (;;) {
    if (!coder.bit(match, state)) {
      if (place >= size) throw damaged(BROKEN);
      const base = 0x300 * ((place ? out[place - 1] : 0) >> (8 - LITERAL_CONTEXT));
      let symbol = 1;
      if (state >= 7) {
        let beside = out[place - last[0] - 1], matched = true;
        while (symbol < 256 && matched) {
          const expected = (beside >> 7) & 1, bit = coder.bit(literal, base + ((1 + expected) << 8) + symbol);
          beside <<= 1;
          symbol = 2 * symbol + bit;
          matched = bit === expected;
        }
      }
      while (symbol < 256) symbol = 2 * symbol + coder.bit(literal, base + symbol);
      out[place++] = symbol - 256;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let length;
    if (coder.bit(repeated, state)) {
      if (!coder.bit(repeated, STATES + state)) {
        if (!coder.bit(repeated, 3 * STATES + state)) length = 1;
      } else {
        const which = !coder.bit(repeated, 2 * STATES + state) ? 1 : coder.bit(repeated, 4 * STATES + state) ? 3 : 2;
        last.unshift(...last.splice(which, 1));
      }
      if (length) state = state < 7 ? 9 : 11;
      else (length = again.read(coder)), (state = state < 7 ? 8 : 11);
    } else {
      length = lengths.read(coder);
      state = state < 7 ? 7 : 10;
      const slot = coder.tree(slots, 6, 64 * Math.min(length - MATCH_MIN, 3));
      let distance = slot;
      if (slot > 3) {
        const bits = (slot >> 1) - 1;
        distance = (2 + (slot & 1)) * 2 ** bits;
        if (slot < 14) distance += coder.reverse(special, bits, distance - slot - 1);
        else distance += coder.direct(bits - 4) * 16 + coder.reverse(align, 4, 0);
      }
      if (distance === END) break;
      last.pop();
      last.unshift(distance);
    }
    if (last[0] >= place || place + length > size) throw damaged(BROKEN);
    for (; length; length--, place++) out[place] = out[place - last[0] - 1];
  }
  coder.normalise();
  if (place !== size || coder.code || coder.at !== bytes.length) throw damaged(BROKEN);
  return out;
}
