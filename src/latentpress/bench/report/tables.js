/* Tables whose columns sort by their headings, and small makers of elements. Text only ever goes in as text. */
LatentPress.make = function (name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

/* columns: [{name, value(row), show(row), words, title}]; words: left-aligned, sorted as text. options: {caption, sort,
   down, onrow(row), marked(row)}. Rows without a value stand last, whichever way the column is sorted. */
LatentPress.table = function (host, columns, rows, options = {}) {
  const make = LatentPress.make;
  let sorted = options.sort ?? null, down = Boolean(options.down);

  function compare(a, b) {
    const [p, q] = [columns[sorted].value(a), columns[sorted].value(b)];
    if (p === null || p === undefined) return q === null || q === undefined ? 0 : 1;
    if (q === null || q === undefined) return -1;
    const order = columns[sorted].words ? String(p).localeCompare(String(q)) : p - q;
    return down ? -order : order;
  }

  function draw(focus) {
    const head = make("tr", {}, ...columns.map((column, index) => {
      const state = sorted === index ? (down ? "descending" : "ascending") : "none";
      const button = make("button", { type: "button", textContent: column.name, title: column.title || "" });
      button.addEventListener("click", () => {
        down = sorted === index ? !down : false;
        sorted = index;
        draw(index);
      });
      return make("th", { scope: "col", "aria-sort": state, className: column.words ? "words" : "" }, button);
    }));
    const ordered = sorted === null ? rows : [...rows].sort(compare);
    const body = ordered.map((row) => {
      const line = make("tr", { className: options.marked && options.marked(row) ? "marked" : "" }, ...columns.map((column, index) =>
        make(index ? "td" : "th", { className: column.words ? "words" : "", ...(index ? {} : { scope: "row" }) }, column.show(row))));
      return line;
    });
    host.replaceChildren(make("table", {}, make("caption", { textContent: options.caption || "" }),
      make("thead", {}, head), make("tbody", {}, ...body)));
    if (focus !== undefined) host.querySelectorAll("thead button")[focus].focus();
  }
  draw();
};

/* Radio buttons in a fieldset that has its legend already. Those that are there stay: one of them may have the focus. */
LatentPress.choice = function (fieldset, entries, chosen, onchange) {
  const make = LatentPress.make;
  const there = [...fieldset.querySelectorAll("input")];
  if (there.length && there.every((radio, index) => entries[index] && radio.value === entries[index].id)) {
    for (const radio of there) radio.checked = radio.value === chosen;
    return;
  }
  for (const { id, name } of entries) {
    const radio = make("input", { type: "radio", name: fieldset.id, value: id, checked: id === chosen });
    radio.addEventListener("change", () => onchange(id));
    fieldset.append(make("label", {}, radio, make("span", { textContent: name })));
  }
};

/* The entries of a select; an open list is left alone if they are the same. */
LatentPress.options = function (select, entries, chosen) {
  const same = select.options.length === entries.length && entries.every(({ id, name }, index) =>
    select.options[index].value === id && select.options[index].text === name);
  if (!same) select.replaceChildren(...entries.map(({ id, name }) => new Option(name, id)));
  select.value = chosen;
};

LatentPress.format = {
  number: (value, digits) => (value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−")),
  percent: (value) => (value === null || value === undefined ? "–" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)} %`),
  bytes: (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en")),
  seconds: (value) => (value === null || value === undefined ? "–" : value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(2) : value.toPrecision(2)),
};
