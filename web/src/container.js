/** Takes an .lpx file apart, trusting nothing in it (docs/format.md). */
import { Cursor, crc32, little32 } from "./bytes.js";
import { LpxError, damaged } from "./errors.js";

const MAGIC = [0x8f, 0x4c, 0x50, 0x58, 0x0d, 0x0a];
const MAJOR = 1;
const NAMED_CODEC = 255;
const MOST_CHUNKS = 1024;

/** Kinds of chunks. */
export const STREAM = 1, ALPHA = 2, ICC = 3, EXIF = 4, XMP = 5, TILES = 6, INTEREST = 8, LAYER = 9, DISPLAY = 10;
const LAST_CRITICAL = LAYER;

const critical = (kind) => kind === STREAM || kind === ALPHA || (kind >= TILES && kind <= LAST_CRITICAL);

/** Header and chunks of a whole file: `{ header, chunks: Map of kind to payloads }`. `most`: pixels that it may have. */
export function readFile(bytes, most) {
  const cursor = new Cursor(bytes);
  const header = readHeader(cursor, most);
  let crc = crc32(bytes.subarray(0, cursor.position));
  const chunks = new Map();
  for (let last = false, count = 1; !last; count++) {
    if (count > MOST_CHUNKS) throw damaged(`more than ${MOST_CHUNKS} chunks`);
    const start = cursor.position;
    const first = cursor.byte(), length = cursor.varint();
    crc = crc32(bytes.subarray(start, cursor.position), crc);
    const stored = little32(cursor.take(4)), payload = cursor.take(length);
    crc = crc32(payload, crc);
    if (crc !== stored) throw damaged("a checksum does not match");
    const kind = first & 0x3f, ancillary = first >= 0x80;
    last = Boolean(first & 0x40);
    if (!kind || (critical(kind) && ancillary)) throw damaged("a chunk of no kind");
    if (!critical(kind) && !ancillary) throw new LpxError(`the file needs a part (chunk type ${kind}) that this page does not know`);
    if (kind !== STREAM && critical(kind) && chunks.has(kind)) throw damaged("a chunk is there twice");
    chunks.set(kind, [...(chunks.get(kind) ?? []), payload]);
  }
  if (cursor.left) throw damaged(`${cursor.left} bytes follow its end`);
  return { header, chunks };
}

/** What a header alone says. */
export function readHeader(cursor, most) {
  if (cursor.left < MAGIC.length || MAGIC.some((byte) => byte !== cursor.byte())) throw new LpxError("this is not an .lpx file");
  const version = cursor.byte(), codec = cursor.byte();
  if (version >> 4 !== MAJOR) throw new LpxError(`the file has format version ${version >> 4}.${version & 15}, which is newer than this page`);
  if (!codec) throw damaged("codec number 0");
  const name = codec === NAMED_CODEC ? new TextDecoder().decode(cursor.take(cursor.byte())) : "";
  const model = [...cursor.take(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const flags = cursor.byte();
  if (flags & 0xf0) throw new LpxError("the file uses a pixel layout that this page does not know");
  const depth = flags & 4 ? cursor.byte() : 8;
  const [width, height, rate] = [cursor.varint(), cursor.varint(), cursor.varint()];
  if (depth < 8 || depth > 16 || !width || !height || rate > 0xffff) throw damaged("its header makes no sense");
  if (width * height > most) {
    throw new LpxError(`the picture has ${width} x ${height} pixels; this page opens up to ${Math.round(most / 1e6)} megapixels`);
  }
  return { codec, name, model, channels: (flags & 3) + 1, depth, layered: Boolean(flags & 8), width, height, rate };
}
