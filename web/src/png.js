/** Samples as a PNG file, with the metadata that the .lpx file has. */
import { crc32, deflate, join } from "./bytes.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const COLOUR_TYPES = [0, 4, 2, 6];
const ROWS = 64; // to a piece of the stream
const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function chunk(kind, ...parts) {
  const body = join([ascii(kind), ...parts]), out = new Uint8Array(body.length + 8), view = new DataView(out.buffer);
  out.set(body, 4);
  view.setUint32(0, body.length - 4);
  view.setUint32(body.length + 4, crc32(body));
  return out;
}

/** The bytes of a PNG. `metadata`: icc and xmp as zlib streams, exif raw, display whole PNG chunks. */
export async function encodePng(samples, { width, height, channels, depth }, metadata = {}) {
  const wide = depth > 8, head = new Uint8Array(13), view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([wide ? 16 : 8, COLOUR_TYPES[channels - 1]], 8);
  const { icc, xmp, exif, display } = metadata;
  const bytes = wide ? bigEndian(samples, depth) : samples;
  return join([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", head),
    ...(icc ? [chunk("iCCP", ascii("ICC profile\0\0"), icc)] : []),
    ...(display ? [display] : []),
    ...(xmp ? [chunk("iTXt", ascii("XML:com.adobe.xmp\0\x01\0\0\0"), xmp)] : []),
    ...(exif ? [chunk("eXIf", exif)] : []),
    chunk("IDAT", await deflate(filtered(bytes, height, bytes.length / height, channels * (wide ? 2 : 1)))),
    chunk("IEND"),
  ]);
}

/** Samples of up to 16 bits as PNG has them: 16 bits that hold the same share of white. */
function bigEndian(samples, depth) {
  const out = new Uint8Array(2 * samples.length), peak = 2 ** depth - 1;
  samples.forEach((sample, i) => {
    const value = Math.round((sample * 65535) / peak);
    (out[2 * i] = value >> 8), (out[2 * i + 1] = value & 255);
  });
  return out;
}

/** Rows less what PNG's filters predict, each with the filter whose rest is smallest in sum. */
function filtered(bytes, height, stride, step) {
  const pieces = [], trial = [0, 1, 2, 4].map((kind) => ({ kind, row: new Uint8Array(stride) }));
  let above = new Uint8Array(stride), piece = null;
  for (let row = 0; row < height; row++) {
    const line = bytes.subarray(row * stride, (row + 1) * stride);
    let best = null;
    for (const attempt of trial) {
      attempt.sum = fill(attempt, line, above, step);
      if (!best || attempt.sum < best.sum) best = attempt;
    }
    if (row % ROWS === 0) pieces.push((piece = new Uint8Array(Math.min(ROWS, height - row) * (stride + 1))));
    piece[(row % ROWS) * (stride + 1)] = best.kind;
    piece.set(best.row, (row % ROWS) * (stride + 1) + 1);
    above = line;
  }
  return pieces;
}

/** Puts a row less its guesses into the attempt, and gives the sum of what is left. */
function fill({ kind, row }, line, above, step) {
  for (let i = 0; i < line.length; i++) row[i] = line[i] - guess(kind, i < step ? 0 : line[i - step], above[i], i < step ? 0 : above[i - step]);
  let sum = 0;
  for (const rest of row) sum += rest < 128 ? rest : 256 - rest;
  return sum;
}

function guess(kind, left, up, corner) {
  return kind === 0 ? 0 : kind === 1 ? left : kind === 2 ? up : paeth(left, up, corner);
}

function paeth(left, up, corner) {
  const l = Math.abs(up - corner), u = Math.abs(left - corner), c = Math.abs(left + up - 2 * corner);
  return l <= u && l <= c ? left : u <= c ? up : corner;
}
