/** Small pieces that every part of the format uses: whole numbers, checksums, zlib. */
import { LpxError, damaged } from "./errors.js";

const LONGEST = 5;
const LARGEST = 2 ** 31 - 1;

/** Reads a byte array from its start on. */
export class Cursor {
  constructor(bytes, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  get left() {
    return this.bytes.length - this.position;
  }

  take(length) {
    if (length > this.left) throw new LpxError("the file is cut short");
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  byte() {
    return this.take(1)[0];
  }

  /** LEB128 in its shortest form, at most 2^31 - 1. */
  varint() {
    let value = 0;
    for (let index = 0; index < LONGEST; index++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) {
        if ((index && !byte) || value > LARGEST) break;
        return value;
      }
    }
    throw damaged("a number in it is none");
  }
}

export const little32 = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** The CRC32 of zlib over more bytes, going on from that of those before. */
export function crc32(bytes, crc = 0) {
  crc = ~crc;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** What a zlib stream (or with "deflate-raw" a bare one) unpacks to, at most `most` bytes. */
export async function inflate(bytes, most, format = "deflate") {
  const parts = [];
  let length = 0;
  try {
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      length += step.value.length;
      if (length > most) {
        await reader.cancel();
        break;
      }
      parts.push(step.value);
    }
  } catch {
    throw damaged("a compressed part cannot be unpacked");
  }
  if (length > most) throw new LpxError(`a part of the file unpacks to more than ${most} bytes`);
  return join(parts, length);
}

/** A zlib stream of the bytes. */
export async function deflate(parts) {
  return new Uint8Array(await new Response(new Blob(parts).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer());
}

export function join(parts, length = parts.reduce((sum, part) => sum + part.length, 0)) {
  const whole = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
