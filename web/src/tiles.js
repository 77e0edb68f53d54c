/** Tiles of a picture: rectangles of latents that are coded each on their own (`codecs/tiles.py` of the library). */
import { Cursor } from "./bytes.js";
import { damaged } from "./errors.js";

const LARGEST = 2 ** 16; // latents of a tile

/** `{ tiles, streams }`, row by row: each tile is `{ top, left, bottom, right }` in latents. */
export function cutTiles(height, width, description, payload) {
  if (!description) {
    if (height * width > LARGEST) throw damaged("its one tile is too large");
    return { tiles: [{ top: 0, left: 0, bottom: height, right: width }], streams: [payload] };
  }
  const cursor = new Cursor(description), side = cursor.varint();
  if (side < 4 || side % 4 || side * side > LARGEST) throw damaged(`tiles of ${side} latents`);
  const tiles = [], streams = [];
  let start = 0;
  for (let top = 0; top < height; top += side) {
    for (let left = 0; left < width; left += side) {
      const length = cursor.varint();
      tiles.push({ top, left, bottom: Math.min(top + side, height), right: Math.min(left + side, width) });
      streams.push(payload.subarray(start, (start += length)));
    }
  }
  if (cursor.left || start !== payload.length) throw damaged("its tiles do not fill the symbol stream");
  return { tiles, streams };
}

/** A tile with a margin around it, as far as the picture goes. */
export const grown = (tile, margin, height, width) => ({
  top: Math.max(tile.top - margin, 0),
  left: Math.max(tile.left - margin, 0),
  bottom: Math.min(tile.bottom + margin, height),
  right: Math.min(tile.right + margin, width),
});

/** What two rectangles share, or null. */
export function shared(one, other) {
  const part = {
    top: Math.max(one.top, other.top),
    left: Math.max(one.left, other.left),
    bottom: Math.min(one.bottom, other.bottom),
    right: Math.min(one.right, other.right),
  };
  return part.top < part.bottom && part.left < part.right ? part : null;
}
