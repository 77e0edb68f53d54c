/* Several files as one: a ZIP archive that stores them as they are, since pictures do not get smaller. */

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const UTF8 = 0x0800, LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50;

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc;
}

/* Numbers of 2 or 4 bytes, little-endian: [value, bytes] each. */
function record(...fields) {
  const out = new DataView(new ArrayBuffer(fields.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [value, size] of fields) {
    if (size === 2) out.setUint16(at, value, true);
    else out.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(out.buffer);
}

/* A Blob of files `{ name, blob }`; names that come twice get a number. */
export async function zip(files) {
  const parts = [], directory = [], taken = new Set();
  const now = new Date();
  const stamp = [
    [(now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1), 2],
    [((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate(), 2],
  ];
  let offset = 0;
  for (const file of files) {
    const data = new Uint8Array(await file.blob.arrayBuffer()), name = new TextEncoder().encode(unused(file.name, taken));
    const shared = [[20, 2], [UTF8, 2], [0, 2], ...stamp, [crc32(data), 4], [data.length, 4], [data.length, 4], [name.length, 2], [0, 2]];
    const head = record([LOCAL, 4], ...shared);
    parts.push(head, name, data);
    directory.push(record([CENTRAL, 4], [20, 2], ...shared, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), name);
    offset += head.length + name.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record([END, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

function unused(name, taken) {
  const [, stem, suffix] = /^(.*?)(\.[^.]*)?$/.exec(name);
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${stem} (${count})${suffix ?? ""}`;
  taken.add(free);
  return free;
}
