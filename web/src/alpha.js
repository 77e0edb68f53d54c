/** The alpha plane of a file: exact, in blocks that decode on their own (`codecs/alpha.py` of the library). */
import { Cursor } from "./bytes.js";
import { damaged } from "./errors.js";
import { tileOf } from "./tile.js";
import { grayOf } from "./webp.js";

const BLOCK = 1024;

/** Samples (H, W) of a payload. */
export async function alphaOf(payload, { width, height, depth }) {
  const peak = 2 ** depth - 1, cursor = new Cursor(payload);
  const plane = new (depth > 8 ? Uint16Array : Uint8Array)(width * height);
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const rows = Math.min(BLOCK, height - top), columns = Math.min(BLOCK, width - left);
      const block = await blockOf(cursor.take(cursor.varint()), rows, columns, depth);
      for (let row = 0; row < rows; row++) {
        const start = (top + row) * width + left;
        if (typeof block === "number") plane.fill(block, start, start + columns);
        else plane.set(block.subarray(row * columns, (row + 1) * columns), start);
      }
    }
  }
  if (cursor.left || plane.some((sample) => sample > peak)) throw damaged("its alpha plane");
  return plane;
}

function blockOf(data, rows, columns, depth) {
  if (!data.length) return 2 ** depth - 1;
  if (data.length === 1) throw damaged("its alpha plane");
  if (data.length === 2) return data[0] + 256 * data[1];
  if (!data[0]) return tileOf(data.subarray(1), rows, columns, depth);
  if (depth === 8) return grayOf(data, rows, columns);
  const cursor = new Cursor(data);
  const high = grayOf(cursor.take(cursor.varint()), rows, columns), low = grayOf(cursor.take(cursor.left), rows, columns);
  return Uint16Array.from(low, (sample, i) => sample + 256 * high[i]);
}
