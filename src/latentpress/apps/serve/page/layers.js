/* A file that arrives: of a progressive one the picture sharpens with each layer that is there. */

const FIRST = 512; // bytes that are worth a look; after that whenever there is half as much again

/* The whole file behind an address, as a Blob. show(picture, had, all) gets the pictures of what has come so far; who
   shows one is waited for before the next. ask: fetch, with refusals as errors. */
export async function arriving(address, ask, show) {
  const answer = await ask(address), all = Number(answer.headers.get("content-length"));
  const reader = answer.body.getReader(), parts = [];
  let had = 0, next = FIRST, looking = null;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    had += value.length;
    if (had < next || had >= all || looking) continue;
    next = 1.5 * had;
    const seen = had;
    looking = ask("decompress?format=jpeg", { method: "POST", body: new Blob(parts) })
      .then((picture) => picture.blob())
      .then((picture) => show(picture, seen, all))
      .catch(() => {}) // a file without layers, or none of them whole yet
      .finally(() => (looking = null));
  }
  await looking;
  return new Blob(parts);
}
