/* Numbers as people read them, and the rows of results. */

export const decimals = (value, places) => value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
export const round = (value) => (value % 1 ? decimals(value, value < 10 ? 2 : 1) : String(value));
export const bytes = (count) => (count < 1000 ? `${count} B` : count < 1e6 ? `${decimals(count / 1e3, 1)} KB` : `${decimals(count / 1e6, 2)} MB`);
const seconds = (value) => (value < 1 ? `${Math.max(1, Math.round(value * 1000))} ms` : `${decimals(value, 2)} s`);

/* What became of the file that the user has. */
export function change(after, before) {
  const percent = Math.round((100 * (after - before)) / before);
  return `${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${Math.abs(percent)} % of your file`;
}

/* Name, text of a result, and a number of which the larger is the better, if any. */
export const ROWS = [
  ["File", (r) => bytes(r.bytes)],
  ["Rate", (r) => `${decimals(r.bpp, 3)} bpp`],
  ["Setting", (r) => (r.lossless ? (r.identical ? "lossless" : "near-lossless") : `${r.quality_name} ${Number(r.quality.toFixed(2))}`)],
  ["PSNR", (r) => (r.identical ? "identical" : `${decimals(r.metrics.psnr, 2)} dB`), (r) => r.metrics.psnr ?? Infinity],
  ["MS-SSIM", (r) => (r.metrics.ms_ssim === null ? "–" : decimals(r.metrics.ms_ssim, 4)), (r) => r.metrics.ms_ssim],
  ["Encoding", (r) => seconds(r.encode_seconds)],
  ["Decoding", (r) => seconds(r.decode_seconds)],
];

export const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
