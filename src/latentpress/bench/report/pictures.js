/* The part of the page that shows pictures: which two, at which rate, and what is known of them. */
LatentPress.pictures = function (data, state, changed) {
  const { make, format, table, options, choice } = LatentPress;
  const ORIGINAL = "original";
  const find = (id) => document.getElementById(id);
  const kept = new Map(); // decoded pictures, newest last
  let turn = 0;

  const view = LatentPress.slider(find("slider"), {
    onchange(next) { Object.assign(state, next); controls(); changed(); },
    onkey(key) {
      if (key === "x") swap();
      else if (key === "n") step(1);
      else if (key === "p") step(-1);
      else return false;
      return true;
    },
  });

  const picture = () => data.pictures.find((one) => one.name === state.picture);
  const shown = () => picture().shown[state.target] || {};
  const coders = () => Object.keys(shown());
  const entry = (id) => (id === ORIGINAL ? picture().original : shown()[id]);

  /* Names of what can be shown; the reference of a comparison has a file name of its own. */
  const title = (id) => (id !== ORIGINAL ? id : data.kind === "comparison" ? `${picture().name} (reference)` : "original");

  async function image(id) {
    const key = entry(id).image;
    if (!kept.has(key)) {
      const holder = find(key);
      const bytes = Uint8Array.from(atob(holder.textContent), (letter) => letter.charCodeAt(0));
      kept.set(key, await createImageBitmap(new Blob([bytes], { type: holder.dataset.type })));
      if (kept.size > 12) kept.delete(kept.keys().next().value);
    }
    return kept.get(key);
  }

  /* What the state asks for may not be there: another picture may lack a coder, a link may be old. */
  function settle() {
    if (!picture()) state.picture = data.pictures[0].name;
    if (!picture().shown[state.target]) state.target = Object.keys(picture().shown)[0];
    const names = [ORIGINAL, ...coders()];
    if (!names.includes(state.left)) state.left = data.kind === "comparison" || names.length < 3 ? ORIGINAL : names.find((id) => id !== ORIGINAL && id === data.anchor) || names[1];
    if (!names.includes(state.right)) state.right = names.find((id) => id !== ORIGINAL && id !== state.left) || ORIGINAL;
  }

  async function show() {
    const mine = ++turn;
    delete find("slider").dataset.ready; // until what is wanted is what is shown
    settle();
    controls();
    cards();
    const [left, right] = await Promise.all([image(state.left), image(state.right)]);
    if (mine !== turn) return; // the user has gone on
    view.show({ image: left, label: caption(state.left) }, { image: right, label: caption(state.right) });
    view.set({ split: state.split, zoom: state.zoom, x: state.x, y: state.y, mode: state.mode, gain: state.gain });
    Object.assign(state, view.state()); // no smaller than the frame, and inside the picture
    controls();
    find("slider").dataset.ready = `${state.picture}/${state.target}/${state.left}/${state.right}`;
  }

  function caption(id) {
    const found = entry(id);
    return id === ORIGINAL || found.bpp === null ? title(id) : `${title(id)}  ${format.number(found.bpp, 3)} bpp`;
  }

  function controls() {
    options(find("picture"), data.pictures.map(({ name }) => ({ id: name, name })), state.picture);
    options(find("target"), data.targets.filter(({ id }) => picture().shown[id]).map(({ id }) => ({ id, name: id })), state.target);
    const names = [ORIGINAL, ...coders()].map((id) => ({ id, name: title(id) }));
    options(find("left"), names, state.left);
    options(find("right"), names, state.right);
    options(find("gain"), [1, 2, 4, 8, 16, 32].map((gain) => ({ id: String(gain), name: `× ${gain}` })), String(state.gain));
    choice(find("mode"), [{ id: "slider", name: "Slider" }, { id: "difference", name: "Difference" }], state.mode, (mode) => update({ mode }));
    find("gain-choice").hidden = state.mode !== "difference";
    find("picture-choice").hidden = data.pictures.length < 2;
    find("target-choice").hidden = data.kind === "comparison";
    find("zoom").textContent = `${Math.round((view.scale() || 1) * 100)} %`;
  }

  function facts(id) {
    const found = entry(id);
    const rows = [];
    if (found.bytes !== undefined) rows.push(["File", `${format.bytes(found.bytes)} bytes, ${format.number(found.bpp, 3)} bpp`]);
    if (id !== ORIGINAL) {
      rows.push(["PSNR", found.exact ? "∞ (equal to the original)" : `${format.number(found.psnr, 2)} dB`]);
      if (found["ms-ssim"] !== null) rows.push(["MS-SSIM", `${format.number(found["ms-ssim"], 4)}${found["ms-ssim-db"] === null ? "" : ` (${format.number(found["ms-ssim-db"], 2)} dB)`}`]);
      if (found.quality !== null) rows.push([data.coders[id].quality, String(Number(found.quality.toPrecision(4)))]);
      if (data.coders[id] && data.coders[id].note) rows.push(["Note", data.coders[id].note]);
    } else rows.push(["Size", `${picture().width} × ${picture().height} pixels`]);
    const pixels = id === ORIGINAL ? "its pixels" : "the decoded pixels";
    rows.push(["Shown as", found.native ? "the file itself, decoded by the browser" : found.embedded_psnr === null ? `a lossless copy of ${pixels}` : `a re-encoded copy, ${format.number(found.embedded_psnr, 1)} dB from ${pixels}`]);
    return rows;
  }

  function cards() {
    for (const side of ["left", "right"]) {
      const id = state[side], found = entry(id);
      const missed = found.matched === false ? make("p", { className: "missed", textContent: `${id} has no file nearer to ${state.target} in its measured range.` }) : null;
      find(`${side}-card`).replaceChildren(
        make("h3", { textContent: title(id) }),
        make("dl", {}, ...facts(id).flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: value })])),
        ...(missed ? [missed] : []),
      );
    }
    const copies = data.pictures.flatMap((one) => [one.original, ...Object.values(one.shown).flatMap((row) => Object.values(row))])
      .filter((found) => !found.native && found.embedded_psnr !== null).map((found) => found.embedded_psnr);
    const left = data.left_out && data.left_out.length ? ` No room was left for: ${data.left_out.join(", ")}.` : "";
    find("embedding").textContent = (copies.length
      ? `All numbers are those of the true decoded pixels. To keep this page small, pictures that a browser cannot decode, and the originals, are shown as re-encoded copies: ${format.number(Math.min(...copies), 1)} to ${format.number(Math.max(...copies), 1)} dB PSNR from the true pixels. The difference view is computed from what is shown.`
      : "All numbers are those of the true decoded pixels, and the pictures show these pixels without further loss.") + left;
    const columns = [
      { name: data.kind === "comparison" ? "Picture" : "Coder", value: (id) => id, words: true, show: (id) => {
        const button = make("button", { type: "button", className: "link", textContent: id, title: "Show on the right" });
        button.addEventListener("click", () => update({ right: id }));
        return button;
      } },
      { name: "Bytes", value: (id) => entry(id).bytes, show: (id) => format.bytes(entry(id).bytes) },
      { name: "bpp", value: (id) => entry(id).bpp, show: (id) => format.number(entry(id).bpp, 3) },
      { name: "PSNR dB", value: (id) => (entry(id).exact ? Infinity : entry(id).psnr), show: (id) => (entry(id).exact ? "∞" : format.number(entry(id).psnr, 2)) },
      { name: "MS-SSIM", value: (id) => entry(id)["ms-ssim"], show: (id) => format.number(entry(id)["ms-ssim"], 4) },
    ];
    const where = data.kind === "comparison" ? `Against ${picture().name}` : `${picture().name} at ${state.target}`;
    table(find("shown-table"), columns, coders(), { caption: where, sort: data.kind === "comparison" ? null : 3, down: true, marked: (id) => id === state.left || id === state.right });
  }

  function update(part) {
    if ("picture" in part) Object.assign(part, { x: 0.5, y: 0.5 });
    Object.assign(state, part);
    changed();
    show();
  }

  function swap() { update({ left: state.right, right: state.left }); }

  function step(by) {
    const names = data.pictures.map(({ name }) => name);
    update({ picture: names[(names.indexOf(state.picture) + by + names.length) % names.length] });
  }

  for (const id of ["picture", "target", "left", "right"]) find(id).addEventListener("change", (event) => update({ [id]: event.target.value }));
  find("gain").addEventListener("change", (event) => update({ gain: Number(event.target.value) }));
  find("swap").addEventListener("click", swap);
  find("previous").addEventListener("click", () => step(-1));
  find("next").addEventListener("click", () => step(1));
  find("zoom-in").addEventListener("click", () => view.zoomBy(2));
  find("zoom-out").addEventListener("click", () => view.zoomBy(0.5));
  find("zoom-fit").addEventListener("click", () => update({ zoom: 0 }));
  find("zoom-one").addEventListener("click", () => update({ zoom: 1 }));
  settle();
  return { show };
};
