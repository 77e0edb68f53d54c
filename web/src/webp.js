/** Lossless WebP (RFC 9649), in whole numbers: what alpha planes are stored as. A browser's own decoder hands pixels out through a
    canvas, which some browsers falsify on purpose. Pixels are ARGB in 32 bits. */
import { Cursor, little32 } from "./bytes.js";
import { damaged } from "./errors.js";

const BROKEN = "a part of it is no lossless WebP";
const PREDICTOR = 0, CROSS_COLOUR = 1, SUBTRACT_GREEN = 2, COLOUR_INDEXING = 3;
const LENGTHS = 24, DISTANCES = 40, OPAQUE = 0xff000000 | 0;
const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

// Places near a pixel, the nearest first: rows up in the high half of a byte, 8 less columns to the left in the low one.
const NEAR = Uint8Array.from(
  ("1807171928062729161a262a3805373915" + "1b363a252b48044749141c353b464a242c58454b343c03575913" +
    "1d565a232d444c555b333d68026769121e666a222e545c434d656b323e78017779535d111f646c424e767a" +
    "212f757b313f636d525e00747c414f1020626e30737d515f40727e616f50717f6070").match(/../g),
  (pair) => parseInt(pair, 16),
);

class Bits {
  constructor(bytes) {
    Object.assign(this, { bytes, at: 0 });
  }

  read(count) {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) value |= ((this.bytes[this.at >> 3] >> (this.at & 7)) & 1) << i;
    if (this.at > 8 * this.bytes.length + 64) throw damaged(BROKEN);
    return value >>> 0;
  }
}

/** A canonical prefix code of code lengths. A code of one symbol takes no bits. */
class Code {
  constructor(lengths) {
    this.counts = new Uint16Array(16);
    for (const length of lengths) this.counts[length]++;
    this.counts[0] = 0;
    const starts = new Uint16Array(17);
    for (let length = 1; length <= 15; length++) starts[length + 1] = starts[length] + this.counts[length];
    this.symbols = new Uint16Array(starts[16]);
    lengths.forEach((length, symbol) => length && (this.symbols[starts[length]++] = symbol));
    if (!this.symbols.length) this.symbols = new Uint16Array(1);
  }

  read(bits) {
    if (this.symbols.length === 1) return this.symbols[0];
    for (let length = 1, code = 0, first = 0, index = 0; length <= 15; length++) {
      code = 2 * code + bits.read(1);
      first *= 2;
      const count = this.counts[length];
      if (code - first < count) return this.symbols[index + code - first];
      index += count;
      first += count;
    }
    throw damaged(BROKEN);
  }
}

function readCode(bits, size) {
  const lengths = new Uint8Array(size);
  if (bits.read(1)) {
    const two = bits.read(1), first = bits.read(bits.read(1) ? 8 : 1);
    lengths[first] = 1;
    if (two) lengths[bits.read(8)] = 1;
    return new Code(lengths);
  }
  const ofLengths = new Uint8Array(19), given = 4 + bits.read(4);
  for (let i = 0; i < given; i++) ofLengths[LENGTH_ORDER[i]] = bits.read(3);
  const code = new Code(ofLengths);
  let left = bits.read(1) ? 2 + bits.read(2 + 2 * bits.read(3)) : size, before = 8;
  for (let symbol = 0; symbol < size && left--; ) {
    const length = code.read(bits);
    if (length < 16) {
      lengths[symbol++] = length;
      if (length) before = length;
    } else {
      const [value, count] = length === 16 ? [before, 3 + bits.read(2)] : length === 17 ? [0, 3 + bits.read(3)] : [0, 11 + bits.read(7)];
      if (symbol + count > size) throw damaged(BROKEN);
      lengths.fill(value, symbol, (symbol += count));
    }
  }
  return new Code(lengths);
}

/** A length or distance: prefix and further bits. */
function reach(bits, prefix) {
  if (prefix < 4) return prefix + 1;
  const extra = (prefix - 2) >> 1;
  return ((2 + (prefix & 1)) << extra) + bits.read(extra) + 1;
}

const parts = (side, bits) => (side + (1 << bits) - 1) >> bits;

/** The pixels of an entropy-coded picture. `whole`: of the picture itself, whose codes may differ from place to place. */
function readPixels(bits, width, height, whole = false) {
  const cacheBits = bits.read(1) ? bits.read(4) : 0, cache = new Int32Array(cacheBits ? 1 << cacheBits : 0);
  let groups = 1, places = null, placeBits = 0;
  if (whole && bits.read(1)) {
    placeBits = bits.read(3) + 2;
    places = readPixels(bits, parts(width, placeBits), parts(height, placeBits)).map((pixel) => (pixel >> 8) & 0xffff);
    groups = places.reduce((most, group) => Math.max(most, group), 0) + 1;
  }
  const sizes = [256 + LENGTHS + cache.length, 256, 256, 256, DISTANCES];
  const codes = Array.from({ length: groups }, () => sizes.map((size) => readCode(bits, size)));
  const out = new Int32Array(width * height);
  const keep = (pixel) => cacheBits && (cache[Math.imul(0x1e35a7bd, pixel) >>> (32 - cacheBits)] = pixel);
  for (let at = 0; at < out.length; ) {
    const place = places ? places[(Math.floor(at / width) >> placeBits) * parts(width, placeBits) + ((at % width) >> placeBits)] : 0;
    const [green, red, blue, alpha, distance] = codes[place], symbol = green.read(bits);
    if (symbol < 256) {
      const pixel = (red.read(bits) << 16) | (symbol << 8) | blue.read(bits);
      keep((out[at++] = pixel | (alpha.read(bits) << 24)));
    } else if (symbol < 256 + LENGTHS) {
      const length = reach(bits, symbol - 256), code = reach(bits, distance.read(bits));
      const near = NEAR[code - 1], back = code > NEAR.length ? code - NEAR.length : Math.max((near >> 4) * width + 8 - (near & 15), 1);
      if (back > at || at + length > out.length) throw damaged(BROKEN);
      for (const end = at + length; at < end; at++) keep((out[at] = out[at - back]));
    } else keep((out[at++] = cache[symbol - 256 - LENGTHS]));
  }
  return out;
}

/* Four samples of 8 bits at once */

const each = (combine) => (...pixels) => [24, 16, 8, 0].reduce((whole, shift) => whole | ((combine(...pixels.map((pixel) => (pixel >>> shift) & 255)) & 255) << shift), 0);
const clamp = (value) => Math.min(Math.max(value, 0), 255);
const sum = (a, b) => (((a & 0xff00ff00) + (b & 0xff00ff00)) & 0xff00ff00) | (((a & 0xff00ff) + (b & 0xff00ff)) & 0xff00ff);
const mean = (a, b) => (((a ^ b) & 0xfefefefe) >>> 1) + (a & b);
const slope = each((a, b, c) => clamp(a + b - c)), half = each((a, b) => clamp(a + Math.trunc((a - b) / 2)));
const apart = (one, other) => [24, 16, 8, 0].reduce((total, shift) => total + Math.abs(((one >>> shift) & 255) - ((other >>> shift) & 255)), 0);

const GUESSES = [
  () => OPAQUE, (l) => l, (l, t) => t, (l, t, tr) => tr, (l, t, tr, tl) => tl,
  (l, t, tr) => mean(mean(l, tr), t), (l, t, tr, tl) => mean(l, tl), (l, t) => mean(l, t), (l, t, tr, tl) => mean(tl, t), (l, t, tr) => mean(t, tr),
  (l, t, tr, tl) => mean(mean(l, tl), mean(t, tr)), (l, t, tr, tl) => (apart(t, tl) < apart(l, tl) ? l : t),
  (l, t, tr, tl) => slope(l, t, tl), (l, t, tr, tl) => half(mean(l, t), tl), () => OPAQUE, () => OPAQUE,
];

const signed = (value) => (value << 24) >> 24;
const share = (factor, value) => (signed(factor) * signed(value)) >> 5;

const UNDO = {
  [PREDICTOR](pixels, width, { data, bits }) {
    for (let at = 0; at < pixels.length; at++) {
      const row = Math.floor(at / width), column = at % width, [left, top] = [pixels[at - 1], pixels[at - width]];
      const mode = (data[(row >> bits) * parts(width, bits) + (column >> bits)] >> 8) & 15;
      const guess = !at ? OPAQUE : !row ? left : !column ? top : GUESSES[mode](left, top, pixels[at - width + 1], pixels[at - width - 1]);
      pixels[at] = sum(pixels[at], guess);
    }
    return pixels;
  },
  [CROSS_COLOUR](pixels, width, { data, bits }) {
    return pixels.map((pixel, at) => {
      const factors = data[(Math.floor(at / width) >> bits) * parts(width, bits) + ((at % width) >> bits)], green = pixel >> 8;
      const red = (pixel >> 16) + share(factors, green);
      const blue = pixel + share(factors >> 8, green) + share(factors >> 16, red);
      return (pixel & 0xff00ff00) | ((red & 255) << 16) | (blue & 255);
    });
  },
  [SUBTRACT_GREEN](pixels) {
    return pixels.map((pixel) => sum(pixel, ((pixel & 0xff00) << 8) | ((pixel >> 8) & 255)));
  },
  [COLOUR_INDEXING](pixels, width, { data, bits }) {
    const height = pixels.length / parts(width, bits), out = new Int32Array(width * height), size = 8 >> bits;
    for (let at = 0; at < out.length; at++) {
      const column = at % width, packed = pixels[Math.floor(at / width) * parts(width, bits) + (column >> bits)] >> 8;
      out[at] = data[(packed >> (size * (column & ((1 << bits) - 1)))) & ((1 << size) - 1)] ?? 0;
    }
    return out;
  },
};

function readTransform(bits, width, height) {
  const kind = bits.read(2);
  if (kind === SUBTRACT_GREEN) return { kind, width };
  if (kind === COLOUR_INDEXING) {
    const size = bits.read(8) + 1, data = readPixels(bits, size, 1);
    for (let i = 1; i < size; i++) data[i] = sum(data[i], data[i - 1]);
    return { kind, width, data, bits: size <= 2 ? 3 : size <= 4 ? 2 : size <= 16 ? 1 : 0 };
  }
  const block = bits.read(3) + 2;
  return { kind, width, data: readPixels(bits, parts(width, block), parts(height, block)), bits: block };
}

/** The green samples (H, W) of a file, which are all there is of a gray picture. */
export function grayOf(file, height, width) {
  const cursor = new Cursor(file), name = () => String.fromCharCode(...cursor.take(4));
  if (name() !== "RIFF" || !cursor.take(4) || name() !== "WEBP") throw damaged(BROKEN);
  let kind = name(), data = cursor.take(little32(cursor.take(4)));
  while (kind !== "VP8L") {
    cursor.take(data.length & 1);
    (kind = name()), (data = cursor.take(little32(cursor.take(4))));
  }
  const bits = new Bits(data);
  if (bits.read(8) !== 0x2f || bits.read(14) + 1 !== width || bits.read(14) + 1 !== height) throw damaged("a part of it has the wrong size");
  bits.read(4); // whether alpha is used, and the version
  const transforms = [];
  let columns = width;
  while (bits.read(1)) {
    if (transforms.length === 4) throw damaged(BROKEN);
    const transform = readTransform(bits, columns, height);
    transforms.unshift(transform);
    if (transform.kind === COLOUR_INDEXING) columns = parts(columns, transform.bits);
  }
  const pixels = transforms.reduce((so, transform) => UNDO[transform.kind](so, transform.width, transform), readPixels(bits, columns, height, true));
  return Uint8Array.from(pixels, (pixel) => (pixel >> 8) & 255);
}
