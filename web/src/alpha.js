/** The alpha plane of a file: exact, in blocks that decode on their own (`codecs/alpha.py` of the library). */
import { Cursor } from "./bytes.js";
import { LpxError, damaged } from "./errors.js";

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

async function blockOf(data, rows, columns, depth) {
  if (!data.length) return 2 ** depth - 1;
  if (data.length === 1) throw damaged("its alpha plane");
  if (data.length === 2) return data[0] + 256 * data[1];
  if (!data[0]) {
    throw new LpxError('the transparency of this file is of a kind that this page does not read: install LatentPress and run "latentpress decompress"');
  }
  if (depth === 8) return webp(data, rows, columns);
  const cursor = new Cursor(data);
  const high = await webp(cursor.take(cursor.varint()), rows, columns), low = await webp(cursor.take(cursor.left), rows, columns);
  return Uint16Array.from(low, (sample, i) => sample + 256 * high[i]);
}

/** A gray plane out of lossless WebP, which browsers read. */
async function webp(data, rows, columns) {
  if (typeof OffscreenCanvas === "undefined") throw new LpxError("transparency needs a browser that reads WebP");
  const image = await createImageBitmap(new Blob([data], { type: "image/webp" }), { colorSpaceConversion: "none", premultiplyAlpha: "none" }).catch(() => {
    throw damaged("its alpha plane");
  });
  if (image.width !== columns || image.height !== rows) throw damaged("its alpha plane is of the wrong size");
  const context = new OffscreenCanvas(columns, rows).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data: rgba } = context.getImageData(0, 0, columns, rows);
  const plane = new Uint8Array(rows * columns);
  for (let i = 0; i < plane.length; i++) {
    plane[i] = rgba[4 * i];
    // A browser that guards against fingerprints hands out noise instead of what was drawn.
    if (rgba[4 * i + 1] !== plane[i] || rgba[4 * i + 2] !== plane[i] || rgba[4 * i + 3] !== 255) {
      throw new LpxError("this browser does not let the page read transparency exactly (a setting against fingerprints)");
    }
  }
  return plane;
}
