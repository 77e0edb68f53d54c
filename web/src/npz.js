/** The arrays of a NumPy .npz file, as far as model packages use it: whole numbers in C order. */
import { Cursor, inflate } from "./bytes.js";
import { LpxError } from "./errors.js";

const KINDS = { "|u1": Uint8Array, "<u2": Uint16Array, "<u4": Uint32Array, "|i1": Int8Array, "<i2": Int16Array, "<i4": Int32Array };
const CENTRAL = 0x02014b50, END = 0x06054b50, END_BYTES = 22, MOST = 2 ** 26;

/** Arrays by name, flat. */
export async function readNpz(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), arrays = {};
  const end = bytes.length - END_BYTES;
  if (end < 0 || view.getUint32(end, true) !== END) throw new LpxError("the model's tables cannot be read");
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left; left--) {
    if (view.getUint32(at, true) !== CENTRAL) throw new LpxError("the model's tables cannot be read");
    const [method, packed, length, extra, comment] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true), ...[28, 30, 32].map((i) => view.getUint16(at + i, true))];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length));
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const data = bytes.subarray(start, start + packed);
    arrays[name.replace(/\.npy$/, "")] = readNpy(method ? await inflate(data, MOST, "deflate-raw") : data);
    at += 46 + length + extra + comment;
  }
  return arrays;
}

function readNpy(bytes) {
  const cursor = new Cursor(bytes, 6);
  const [major] = cursor.take(2);
  const size = cursor.take(major === 1 ? 2 : 4).reduceRight((sum, byte) => sum * 256 + byte, 0);
  const kind = KINDS[/'descr': '([^']*)'/.exec(new TextDecoder().decode(cursor.take(size)))?.[1]];
  if (!kind) throw new LpxError("the model's tables are of a kind that this page does not read");
  return new kind(cursor.take(cursor.left).slice().buffer);
}
