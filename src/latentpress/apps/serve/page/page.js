/* The page of `latentpress serve`: one picture, one codec, one rate; whatever changes is asked for again.
   The picture is sent with each request, because the service stores nothing. Needs slider.js. */
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const STEPS = 200, BPP = { low: 0.05, high: 6, first: 0.5 }, WAIT_MS = 180;
  const LPX_MAGIC = [0x8f, 0x4c, 0x50, 0x58];

  let coders = [], picture = null, original = null, running = null, timer = 0, shown = "";
  const positions = new Map(); // what the slider was left at, by coder or "bpp"

  const view = LatentPress.slider($("frame"), { onchange: showMode });

  /* Talking to the service */

  async function ask(path, options) {
    const answer = await fetch(path, options);
    if (answer.ok) return answer;
    const reason = await answer.json().then((body) => body.error, () => answer.statusText);
    throw new Error(reason);
  }

  function preview(settings, signal) {
    return ask(`preview?${new URLSearchParams(settings)}`, { method: "POST", body: picture, signal }).then((answer) => answer.json());
  }

  async function decoded(url) {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  }

  /* Rate: the slider goes from the smallest to the largest file, whichever way the coder counts */

  const coder = () => coders.find((row) => row.id === $("codec").value);
  const byRate = () => document.querySelector("input[name=mode]:checked").value === "bpp";
  const steps = () => (!byRate() && coder().whole ? Math.abs(coder().largest - coder().smallest) : STEPS);

  function rate() {
    const share = $("rate").value / steps();
    if (byRate()) return Number((BPP.low * (BPP.high / BPP.low) ** share).toPrecision(3));
    const { smallest, largest, whole } = coder();
    const value = smallest + share * (largest - smallest);
    return whole ? Math.round(value) : Number(value.toFixed(Math.abs(largest - smallest) > 50 ? 1 : 2));
  }

  function showRate() {
    const name = byRate() ? "bits per pixel" : coder().quality_name;
    $("rate-value").value = coder().lossless ? "lossless" : rate();
    $("rate").setAttribute("aria-label", name);
    $("rate").setAttribute("aria-valuetext", `${rate()} ${name}`);
  }

  function resetRate() {
    const { smallest, largest, usual, lossless, quality_name: name } = coder();
    const first = byRate() ? Math.log(BPP.first / BPP.low) / Math.log(BPP.high / BPP.low) : (usual - smallest) / (largest - smallest);
    $("quality-name").textContent = name === "bpp" ? "Rate setting" : name;
    $("rate-field").disabled = lossless;
    $("rate").max = steps();
    $("rate").value = positions.get(byRate() ? "bpp" : coder().id) ?? Math.round(first * steps());
    showRate();
  }

  /* One request at a time: a newer one cancels what is under way */

  function later() {
    showRate();
    positions.set(byRate() ? "bpp" : coder().id, $("rate").value);
    clearTimeout(timer);
    timer = setTimeout(update, WAIT_MS);
  }

  /* False if the service refused; nothing if there was nothing to do or a newer request took over. */
  async function update() {
    clearTimeout(timer);
    if (!picture || !coders.length) return undefined;
    if (running) running.abort();
    const mine = (running = new AbortController());
    const settings = { codec: coder().id };
    if (!coder().lossless) settings[byRate() ? "bpp" : "quality"] = rate();
    if (!original) settings.original = true;
    busy(true);
    try {
      const main = await preview(settings, mine.signal);
      const mainImage = await decoded(main.picture);
      const first = original || (await decoded(main.original));
      if (mine !== running) return undefined;
      original = first;
      const rival = $("other").value;
      let other = null, otherImage = null;
      present(main, mainImage, null, null);
      if (rival) {
        other = await preview({ codec: rival, bpp: main.bpp }, mine.signal);
        otherImage = await decoded(other.picture);
        if (mine !== running) return undefined;
        present(main, mainImage, other, otherImage);
      }
      busy(false);
      return true;
    } catch (error) {
      if (mine !== running) return undefined;
      busy(false);
      complain(error);
      return false;
    }
  }

  function busy(on) {
    document.body.classList.toggle("busy", on);
    $("results").setAttribute("aria-busy", on);
    if (on) $("save").disabled = true;
  }

  function tell(text, error = false) {
    $("message").hidden = !text;
    $("message").textContent = text;
    $("message").classList.toggle("error", error);
  }

  function complain(error) {
    tell(error instanceof TypeError ? "The service does not answer. Is it still running?" : `${error.message[0].toUpperCase()}${error.message.slice(1)}.`, true);
  }

  /* What came of it */

  const decimals = (value, places) => value.toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places });
  const round = (value) => (value % 1 ? decimals(value, value < 10 ? 2 : 1) : String(value));
  const bytes = (count) => (count < 1000 ? `${count} B` : count < 1e6 ? `${decimals(count / 1e3, 1)} KB` : `${decimals(count / 1e6, 2)} MB`);
  const seconds = (value) => (value < 1 ? `${Math.max(1, Math.round(value * 1000))} ms` : `${decimals(value, 2)} s`);

  // Name, text of a result, and a number of which the larger is the better, if any.
  const ROWS = [
    ["File", (r) => bytes(r.bytes)],
    ["Rate", (r) => `${decimals(r.bpp, 3)} bpp`],
    ["Setting", (r) => (r.lossless ? "lossless" : `${r.quality_name} ${Number(r.quality.toFixed(2))}`)],
    ["PSNR", (r) => (r.identical ? "identical" : `${decimals(r.metrics.psnr, 2)} dB`), (r) => r.metrics.psnr ?? Infinity],
    ["MS-SSIM", (r) => (r.metrics.ms_ssim === null ? "–" : decimals(r.metrics.ms_ssim, 4)), (r) => r.metrics.ms_ssim],
    ["Encoding", (r) => seconds(r.encode_seconds)],
    ["Decoding", (r) => seconds(r.decode_seconds)],
  ];

  function present(main, image, other, otherImage) {
    $("drop").hidden = true;
    $("viewer").hidden = false;
    $("size").textContent = bytes(main.bytes);
    $("ratio").textContent = `${decimals(main.ratio, 1)} times smaller than raw`;
    $("name").replaceChildren(shown, Object.assign(document.createElement("small"), { textContent: `${main.width} × ${main.height}, ${main.channels === 1 ? "gray" : "RGB"}, ${bytes(picture.size)}` }));
    $("about").textContent = main.note && `Shown and measured with ${main.note}. A saved file keeps all of it.`;
    $("head").hidden = !other;
    $("head-main").textContent = main.codec;
    $("head-other").textContent = other ? other.codec : "";
    $("rows").replaceChildren(...ROWS.slice(other ? 0 : 1).map(([name, text, merit]) => {
      const row = document.createElement("tr");
      row.append(cell("th", name), ...[main, other].filter(Boolean).map((result) => cell("td", text(result))));
      row.firstChild.scope = "row";
      if (other && merit && merit(main) !== merit(other)) row.children[merit(main) > merit(other) ? 1 : 2].className = "best";
      return row;
    }));
    const label = (result) => `${result.codec} · ${bytes(result.bytes)}`;
    view.show(other ? { image: otherImage, label: label(other) } : { image: original, label: "Original" }, { image, label: label(main) });
    $("save").disabled = !coder().own;
    $("save").dataset.quality = main.quality;
    tell("");
  }

  function cell(kind, text) {
    return Object.assign(document.createElement(kind), { textContent: text });
  }

  function showMode(state) {
    $("difference").setAttribute("aria-pressed", state.mode === "difference");
  }

  /* Pictures that come in */

  async function open(file) {
    if (!file) return;
    if (running) running.abort();
    running = null;
    tell("Reading the picture …");
    const before = [picture, original, shown];
    try {
      const magic = new Uint8Array(await file.slice(0, 4).arrayBuffer());
      let name = file.name || "pasted picture", blob = file;
      if (LPX_MAGIC.every((byte, i) => magic[i] === byte)) {
        blob = await (await ask("decompress", { method: "POST", body: file })).blob();
        name = `${name}, restored`;
      }
      [picture, original, shown] = [blob, null, name];
      view.set({ zoom: 0, x: 0.5, y: 0.5 });
      if ((await update()) === false) {
        // What is no picture does not take the place of one.
        [picture, original, shown] = before;
        $("save").disabled = !picture || !coder().own;
      }
    } catch (error) {
      complain(error);
    }
  }

  async function save() {
    try {
      $("save").disabled = true;
      const settings = { codec: coder().id, quality: $("save").dataset.quality };
      const answer = await ask(`compress?${new URLSearchParams(settings)}`, { method: "POST", body: picture });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = `${shown.replace(/(, restored|\.[^.]*)$/, "").replace(/\.[^.]*$/, "") || "picture"}.lpx`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    } catch (error) {
      complain(error);
    } finally {
      $("save").disabled = false;
    }
  }

  function listCoders() {
    const groups = [["LatentPress", (row) => row.own], ["Other formats", (row) => !row.own && !row.lossless], ["Lossless", (row) => !row.own && row.lossless]];
    const list = (rows) => groups.filter(([, fits]) => rows.some(fits)).map(([label, fits]) => {
      const group = Object.assign(document.createElement("optgroup"), { label });
      group.append(...rows.filter(fits).map((row) => new Option(row.id, row.id)));
      return group;
    });
    $("codec").replaceChildren(...list(coders));
    $("other").replaceChildren(new Option("the original", ""), ...list(coders.filter((row) => !row.lossless)));
    $("codec").disabled = $("other").disabled = false;
    resetRate();
  }

  async function start() {
    $("file").addEventListener("change", () => { open($("file").files[0]); $("file").value = ""; });
    $("codec").addEventListener("change", () => { resetRate(); update(); });
    $("other").addEventListener("change", update);
    $("rate").addEventListener("input", later);
    for (const choice of document.querySelectorAll("input[name=mode]")) choice.addEventListener("change", () => { resetRate(); update(); });
    $("save").addEventListener("click", save);
    $("difference").addEventListener("click", () => { view.set({ mode: view.state().mode === "slider" ? "difference" : "slider" }); showMode(view.state()); });
    $("zoom-in").addEventListener("click", () => view.zoomBy(2));
    $("zoom-out").addEventListener("click", () => view.zoomBy(0.5));
    $("zoom-fit").addEventListener("click", () => view.set({ zoom: 0 }));
    $("zoom-one").addEventListener("click", () => view.zoomBy(1 / (view.scale() * (globalThis.devicePixelRatio || 1))));
    let depth = 0; // dragenter and dragleave come for each element that is passed
    addEventListener("dragenter", () => document.body.classList.toggle("dragging", ++depth > 0));
    addEventListener("dragleave", () => document.body.classList.toggle("dragging", --depth > 0));
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.toggle("dragging", (depth = 0));
      open(event.dataTransfer.files[0]);
    });
    addEventListener("paste", (event) => open(event.clipboardData.files[0]));
    try {
      const [list, health] = await Promise.all([ask("codecs"), ask("health")].map((answer) => answer.then((a) => a.json())));
      coders = list.preview;
      $("version").textContent = `LatentPress ${health.version}.`;
      $("limits").textContent = `Up to ${round(health.max_upload / 1e6)} MB and ${Math.round(health.max_pixels / 1e6)} megapixels.`;
      listCoders();
      update();
    } catch (error) {
      complain(error);
    }
  }

  start();
})();
