/** A plane as a tile of the lossless codec, by any method that needs no networks (`codecs/lossless/tiles.py` of the library). */
import { Cursor, crc32, inflate, little32 } from "./bytes.js";
import { damaged } from "./errors.js";
import { unLzma } from "./lzma.js";
import { predictedPlane } from "./predicted.js";
import { grayOf } from "./webp.js";

const FLAT = 0, STRINGS = 1, STRINGS_LEFT = 2, STRINGS_UP = 3, ADAPTIVE = 4, WEBP = 7, ADAPTIVE_DRAWN = 12;
const RANKS = 8;
const BROKEN = "its alpha plane";

/** Samples (H, W), of `depth` bits each. */
export async function tileOf(data, height, width, depth) {
  const cursor = new Cursor(data), first = cursor.byte(), crc = little32(cursor.take(4));
  const method = (first & 7) | ((first >> 7) << 3);
  if ((first >> 4) & 7) throw damaged(BROKEN);
  let plane, values;
  if (first & RANKS) values = await usedValues(cursor.take(cursor.varint()), depth);
  const bits = values ? Math.max(8, 32 - Math.clz32(values.length - 1)) : depth;
  plane = planeOf(method, cursor.take(cursor.left), height, width, bits);
  if (values) plane = plane.map((rank) => values[Math.min(rank, values.length - 1)]);
  if (crc32(depth === 8 ? Uint8Array.from(plane) : littleEndian(plane)) !== crc) throw damaged(BROKEN);
  return plane;
}

function planeOf(method, data, height, width, depth) {
  if (method === ADAPTIVE || method === ADAPTIVE_DRAWN) return predictedPlane(data, height, width, depth, method === ADAPTIVE_DRAWN);
  if (method === FLAT && data.length === 2) return new Uint16Array(height * width).fill(data[0] + 256 * data[1]);
  if (method === WEBP && depth === 8) return Uint16Array.from(grayOf(data, height, width));
  if (![STRINGS, STRINGS_LEFT, STRINGS_UP].includes(method)) throw damaged(BROKEN);
  const bytes = unLzma(data, height * width * (depth === 8 ? 1 : 2)), mask = depth === 8 ? 255 : 65535;
  const plane = Uint16Array.from({ length: height * width }, depth === 8 ? (_, i) => bytes[i] : (_, i) => bytes[2 * i] + 256 * bytes[2 * i + 1]);
  const step = method === STRINGS_LEFT ? 1 : width;
  for (let i = step; method !== STRINGS && i < plane.length; i++) {
    if (method === STRINGS_UP || i % width) plane[i] = (plane[i] + plane[i - step]) & mask;
  }
  return plane;
}

/** The values that samples go by the rank of. */
async function usedValues(packed, depth) {
  const size = 2 ** depth / 8, bits = await inflate(packed, size), values = [];
  if (bits.length !== size) throw damaged(BROKEN);
  for (let value = 0; value < 8 * size; value++) if ((bits[value >> 3] >> (value & 7)) & 1) values.push(value);
  if (!values.length) throw damaged(BROKEN);
  return values;
}

function littleEndian(plane) {
  const bytes = new Uint8Array(2 * plane.length), view = new DataView(bytes.buffer);
  plane.forEach((sample, i) => view.setUint16(2 * i, sample, true));
  return bytes;
}
