// Tables that search, sort and page, and chips that are a filter and a bar chart at once.

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// chips: [{ key, label, amount, shown }]; picks one key, or null for all.
function chipBar(host, chips, picked, onPick) {
  const most = Math.max(...chips.map((chip) => chip.amount), 1e-12);
  const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  host.replaceChildren(...chips.map((chip) => {
    const button = element("button", "chip");
    button.type = "button";
    button.dataset.key = chip.key;
    button.setAttribute("aria-pressed", String(chip.key === picked));
    const track = element("span", "chip-track");
    const bar = element("span", "chip-bar");
    bar.style.width = Math.max(0.5, 100 * chip.amount / most) + "%";
    track.append(bar);
    button.append(element("span", "chip-label", chip.label), track, element("span", "chip-amount", chip.shown));
    button.addEventListener("click", () => onPick(chip.key === picked ? null : chip.key));
    return button;
  }));
  const again = [...host.children].find((button) => button.dataset.key === focused);
  if (again) again.focus();
}

function searchField(label, onInput) {
  const wrap = element("label", "search");
  const input = element("input");
  input.type = "search";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.placeholder = label;
  input.setAttribute("aria-label", label);
  input.addEventListener("input", () => onInput(input.value.trim().toLowerCase()));
  wrap.append(input);
  return wrap;
}

// columns: [{ key, label, numeric, sort(row) or absent, fill(cell, row) }]
// view: { rows, columns, pageSize, caption, empty, sort: {key, descending}, page, paged, cards }
function table(host, view) {
  const sorted = sortedRows(view);
  const pages = Math.max(1, Math.ceil(sorted.length / view.pageSize));
  view.page = Math.min(view.page, pages - 1);
  if (sorted.length === 0) {
    host.replaceChildren(element("p", "empty", view.empty));
    return;
  }
  const shown = sorted.slice(view.page * view.pageSize, (view.page + 1) * view.pageSize);
  const whole = element("table");
  whole.append(element("caption", "visually-hidden", view.caption));
  whole.append(headOf(host, view), bodyOf(view, shown));
  const frame = element("div", view.cards ? "table-frame cards" : "table-frame");
  frame.append(whole);
  host.replaceChildren(frame);
  if (view.paged) host.append(pager(host, view, sorted.length, pages));
}

function sortedRows(view) {
  const column = view.sort && view.columns.find((one) => one.key === view.sort.key);
  if (!column) return view.rows;
  const sign = view.sort.descending ? -1 : 1;
  const keyed = view.rows.map((row, at) => [column.sort(row), at, row]);
  keyed.sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : a[1] - b[1]));
  return keyed.map((entry) => entry[2]);
}

function headOf(host, view) {
  const row = element("tr");
  for (const column of view.columns) {
    const cell = element("th", column.numeric ? "numeric" : "");
    cell.scope = "col";
    if (column.width) cell.style.width = column.width;
    if (column.sort) cell.append(sortButton(host, view, column, cell));
    else cell.textContent = column.label;
    row.append(cell);
  }
  const head = element("thead");
  head.append(row);
  return head;
}

function sortButton(host, view, column, cell) {
  const active = view.sort && view.sort.key === column.key;
  const button = element("button", "sort", column.label);
  button.type = "button";
  if (active) cell.setAttribute("aria-sort", view.sort.descending ? "descending" : "ascending");
  if (active) button.append(element("span", "sort-mark", view.sort.descending ? "↓" : "↑"));
  button.addEventListener("click", () => {
    // Numbers are wanted largest first, names in the order of the alphabet.
    view.sort = { key: column.key, descending: active ? !view.sort.descending : Boolean(column.numeric) };
    view.page = 0;
    table(host, view);
    const again = [...host.querySelectorAll(".sort")].find((one) => one.textContent.startsWith(column.label));
    if (again) again.focus();
  });
  return button;
}

function bodyOf(view, rows) {
  const body = element("tbody");
  for (const row of rows) {
    const line = element("tr");
    for (const column of view.columns) {
      const cell = element("td", column.numeric ? "numeric" : "");
      cell.dataset.label = column.label;
      column.fill(cell, row);
      line.append(cell);
    }
    body.append(line);
  }
  return body;
}

function pager(host, view, total, pages) {
  const bar = element("nav", "pager");
  bar.setAttribute("aria-label", view.caption + ", pages");
  const first = view.page * view.pageSize + 1;
  const last = Math.min(total, first + view.pageSize - 1);
  bar.append(element("span", "pager-count", `${count(first)}–${count(last)} of ${count(total)}`));
  if (pages === 1) return bar;
  const turn = (label, page, enabled) => {
    const button = element("button", "page-button screen-only", label);
    button.type = "button";
    button.disabled = !enabled;
    button.addEventListener("click", () => {
      view.page = page;
      table(host, view);
      const again = [...host.querySelectorAll(".page-button")].find((one) => one.textContent === label && !one.disabled);
      if (again) again.focus();
    });
    return button;
  };
  bar.append(turn("Previous", view.page - 1, view.page > 0), turn("Next", view.page + 1, view.page < pages - 1));
  return bar;
}

// Native radio buttons: arrow keys, focus and announcements come with them.
function radios(fieldset, name, options, picked, onPick) {
  fieldset.querySelectorAll("label").forEach((label) => label.remove());
  for (const option of options) {
    const label = element("label");
    const input = element("input");
    input.type = "radio";
    input.name = name;
    input.value = option.key;
    input.checked = option.key === picked;
    input.addEventListener("change", () => onPick(option.key));
    label.append(input, element("span", "", option.label));
    fieldset.append(label);
  }
}

function switchOf(legend, name, options, picked, onPick) {
  const fieldset = element("fieldset", "switch");
  fieldset.append(element("legend", "", legend));
  radios(fieldset, name, options, picked, onPick);
  return fieldset;
}
