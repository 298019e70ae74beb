// The page: reads its data, fills each section, and draws again when the width or the theme changes.

const PRICES_A_PAGE = 15;
const JOBS_A_PAGE = 20;
const STACKED_CELLS_MAX = 40;
const CLASS_WORDS = { A: "Safety and control", B: "Time distribution", C: "Interactive", D: "Bulk" };

function showHeadline(data) {
  const { meta } = data;
  document.getElementById("verdict").textContent = verdict(meta);
  const notes = document.getElementById("notes");
  notes.hidden = data.notes.length === 0;
  notes.replaceChildren(...data.notes.map((note) => element("li", "", note)));
  const asked = meta.placed + meta.unplaced;
  const proven = meta.bound !== null;
  // Far enough apart to be told from each other, and never fewer digits than four.
  const apart = proven ? micros(meta.bound) - micros(meta.value) : 0;
  const spread = Math.min(apart > 0 ? apart / 10 : Infinity, Math.abs(micros(meta.value)) / 1000);
  const figures = [
    ["Value", preciseCredits(meta.value, spread), exactCredits(meta.value) + " credits"],
    ["Proven bound", proven ? preciseCredits(meta.bound, spread) : "none", proven ? exactCredits(meta.bound) + " credits" : "no proof was reached"],
    ["Gap", gapText(meta.gap), meta.gap === null ? "not proven" : "of the accepted bids"],
    ["Placed", count(meta.placed), asked > 0 ? percent(meta.placed / asked, 1) + " of the capsules" : "no capsules asked for"],
    ["Unplaced", count(meta.unplaced), meta.unplaced > 0 ? "capsules of " + plural(data.totals.unplaced, "job", "jobs") : "nothing left out"],
    // A report that must be the same on every run is given neither.
    ...(meta.seconds > 0 ? [["Time", duration(meta.seconds), "from process start"]] : []),
    ...(meta.peak_memory_bytes > 0 ? [["Peak memory", amount(meta.peak_memory_bytes, "B"), "of the process"]] : []),
    ["Tiles", count(meta.tiles), plural(data.totals.cells, "cell", "cells") + ", " + plural(data.totals.zones, "zone", "zones")],
    ["Jobs", count(meta.jobs), plural(meta.job_classes, "job class", "job classes")],
  ];
  document.getElementById("figures").replaceChildren(...figures.map(([label, shown, note]) => {
    const group = element("div");
    group.append(element("dt", "", label), element("dd", "figure", shown), element("dd", "figure-note", note));
    return group;
  }));
}

// Rounded up, because it is a promise.
function gapText(gap) {
  if (gap === null) return "–";
  if (gap === 0) return "0" + SPACE + "%";
  const decimals = gap < 0.1 ? 2 : 1;
  const step = 10 ** (decimals + 2);
  return fixed(Math.ceil(gap * step - 1e-9) / step * 100, decimals) + SPACE + "%";
}

function verdict(meta) {
  const asked = meta.placed + meta.unplaced;
  if (asked === 0) return "There was nothing to place.";
  const placed = meta.unplaced === 0
    ? "All " + plural(asked, "capsule", "capsules") + " are placed"
    : count(meta.placed) + " of " + plural(asked, "capsule", "capsules") + " are placed";
  if (meta.gap === null) return placed + ". How far this plan is from the best possible was not proven.";
  if (meta.gap === 0) return placed + ". It is proven that no plan can be worth more.";
  return placed + ". It is proven that no plan can beat this one by more than " + gapText(meta.gap) + " of its accepted bids.";
}

function showFleetLead(data) {
  const lead = document.getElementById("fleet-lead");
  document.getElementById("map-help").hidden = data.cells.length + data.zones.length === 0;
  // A square or two beside a tall panel would leave a hole in the page.
  document.querySelector(".fleet-grid").classList.toggle("stacked", data.cells.length <= STACKED_CELLS_MAX && data.zones.length === 0);
  if (data.cells.length === 0) {
    lead.textContent = "The fleet has no cells.";
    return;
  }
  const cut = data.totals.cells > data.cells.length
    ? " The first " + count(data.cells.length) + " of " + count(data.totals.cells) + " are drawn." : "";
  lead.textContent = "One square a cell, by cluster, each at the instant when most of the resource is in use." + cut;
  const scarce = data.zones.filter((zone) => zone.binding.length > 0).length;
  document.getElementById("zone-lead").textContent = "Each colored by the resource it is nearest to running out of. "
    + (scarce === 0 ? "None has a price." : scarce === 1 ? "One of them has a price." : count(scarce) + " of them have a price.");
}

function progressView(data) {
  const points = chartPoints(data.timeline);
  const view = { points, logarithmic: false, close: false, host: document.getElementById("chart") };
  const lead = document.getElementById("progress-lead");
  lead.textContent = progressLead(points);
  if (points.length < 2) return view;
  view.logarithmic = canBeLogarithmic(points);
  const controls = document.getElementById("progress-controls");
  const key = element("ul", "chart-key");
  key.append(legendKey("key-bound", "proven bound"), legendKey("key-value", "value"), legendKey("key-gap", "gap"));
  controls.append(key);
  const redraw = () => drawProgress(view);
  if (view.logarithmic) {
    const options = [{ key: "log", label: "Logarithmic" }, { key: "linear", label: "Linear" }];
    controls.append(switchOf("Time", "time", options, "log", (picked) => { view.logarithmic = picked === "log"; redraw(); }));
  }
  if (canBeClose(points)) {
    const options = [{ key: "all", label: "Whole" }, { key: "close", label: "Last gap" }];
    controls.append(switchOf("Range", "range", options, "all", (picked) => { view.close = picked === "close"; redraw(); }));
  }
  return view;
}

function progressLead(points) {
  if (points.length === 0) return "No progress was recorded.";
  const valued = points.filter((point) => point.value !== null);
  const bounded = points.filter((point) => point.bound !== null);
  const said = [];
  if (points.length === 1) said.push("One point was recorded, so there is no curve to draw.");
  if (valued.length === 0) said.push("No plan was reached.");
  else {
    const [first, last] = [valued[0], valued[valued.length - 1]];
    const gained = Number(last.value) - Number(first.value);
    const [began, ended] = [first, last].map((point) => (gained > 0 ? preciseCredits(point.value, gained) : credits(point.value)));
    said.push("The first plan came after " + duration(first.seconds) + ", worth " + began + " credits"
      + (gained > 0 ? "; the last is worth " + ended + "." : "."));
  }
  if (bounded.length === 0) said.push("No bound was proven.");
  else {
    const [first, last] = [bounded[0], bounded[bounded.length - 1]];
    const lost = Number(first.bound) - Number(last.bound);
    said.push(lost > 0
      ? "The bound came down from " + preciseCredits(first.bound, lost) + " to " + preciseCredits(last.bound, lost) + "."
      : "The bound stands at " + credits(last.bound) + ".");
  }
  return said.join(" ");
}

function drawProgress(view) {
  if (view.points.length < 2) return;
  drawChart(view.host, view.points, { ...view, title: progressLead(view.points) });
}

function showClasses(data) {
  const columns = [
    { key: "class", label: "Class", fill: (cell, row) => twoLines(cell, row.class, CLASS_WORDS[row.class] || "") },
    { key: "placed", label: "Placed", numeric: true, fill: (cell, row) => twoLines(cell, row.asked > 0 ? percent(row.placed / row.asked, 1) : "–", count(row.placed) + " of " + count(row.asked)) },
    { key: "jobs", label: "Jobs", numeric: true, fill: (cell, row) => { cell.textContent = count(row.jobs); } },
    { key: "value", label: "Credits", numeric: true, fill: (cell, row) => { cell.textContent = credits(row.value); cell.title = exactCredits(row.value); } },
  ];
  const view = { rows: data.service_classes, columns, pageSize: 8, page: 0, caption: "Service classes", empty: "No jobs were asked for." };
  table(document.getElementById("class-table"), view);
}

function twoLines(cell, first, second) {
  cell.append(element("span", "line-one", first));
  if (second) cell.append(element("span", "line-two", second));
}

function showPrices(data) {
  const lead = document.getElementById("price-lead");
  if (data.prices.length === 0) {
    lead.textContent = "Nothing is scarce: one more unit of any account would add nothing to the value.";
    return;
  }
  lead.textContent = "What one more unit would add to the value for an hour, where that is anything; worth is the price of the account's whole capacity over the interval.";
  const units = new Map(data.kinds.map((kind) => [kind.name, kind.unit]));
  const most = Math.max(...data.prices.map((row) => micros(row.worth)), 1);
  const state = { kind: null, search: "" };
  const view = { rows: [], columns: priceColumns(units, most), pageSize: PRICES_A_PAGE, page: 0, paged: true, cards: true, caption: "Prices", empty: "No price matches.", sort: { key: "worth", descending: true } };
  const cut = data.totals.prices > data.prices.length;
  const note = element("span", "match-count", cut ? "The dearest " + count(data.prices.length) + " of " + count(data.totals.prices) + " are listed." : "");
  const redraw = () => {
    const matching = data.prices.filter((row) => (state.kind === null || row.kind === state.kind)
      && (row.owner + " " + words(row.owner_type) + " " + row.kind + " " + row.binding).toLowerCase().includes(state.search));
    view.rows = matching;
    view.page = 0;
    table(document.getElementById("price-table"), view);
    chipBar(document.getElementById("price-chips"), priceChips(data), state.kind, (kind) => { state.kind = kind; redraw(); });
  };
  document.getElementById("price-controls").append(searchField("Search accounts", (text) => { state.search = text; redraw(); }), note);
  redraw();
}

function priceChips(data) {
  const kinds = grouped(data.prices, (row) => row.kind);
  const chips = [...kinds].map(([kind, rows]) => {
    const worth = rows.reduce((sum, row) => sum + micros(row.worth), 0);
    return { key: kind, label: capital(kind), amount: worth, shown: credits(worth) + " credits" };
  });
  return chips.sort((a, b) => b.amount - a.amount);
}

function priceColumns(units, most) {
  return [
    { key: "owner", width: "17%", label: "Account", sort: (row) => row.owner, fill: (cell, row) => twoLines(cell, row.owner, capital(words(row.owner_type))) },
    { key: "kind", width: "15%", label: "Resource", sort: (row) => row.kind, fill: (cell, row) => twoLines(cell, capital(row.kind), amount(row.capacity, units.get(row.kind))) },
    { key: "price", width: "13%", label: "Price", numeric: true, sort: (row) => row.price, fill: (cell, row) => twoLines(cell, price(row.price, units.get(row.kind)), "per " + priceUnit(units.get(row.kind))) },
    { key: "worth", label: "Worth", numeric: true, width: "24%", sort: (row) => micros(row.worth), fill: (cell, row) => worthBar(cell, micros(row.worth), most) },
    { key: "binding", label: "Binding constraint", fill: (cell, row) => twoLines(cell, capital(row.binding), interval(row.start_us, row.end_us)) },
  ];
}

function worthBar(cell, worth, most) {
  const line = element("span", "worth");
  const track = element("span", "worth-track");
  const bar = element("span", "worth-bar");
  bar.style.width = Math.max(0.5, 100 * worth / most) + "%";
  track.append(bar);
  line.append(track, element("span", "worth-amount", credits(worth)));
  cell.append(line);
}

function showUnplaced(data) {
  const lead = document.getElementById("unplaced-lead");
  const { meta, totals } = data;
  if (data.unplaced.length === 0) {
    lead.textContent = meta.unplaced === 0 ? "Every job was placed whole." : count(meta.unplaced) + " capsules were left out; none is listed.";
    return;
  }
  const left = data.unplaced.reduce((sum, row) => sum + row.bid * row.count, 0);
  const cut = totals.unplaced > data.unplaced.length ? " The dearest " + count(data.unplaced.length) + " are listed." : "";
  lead.textContent = plural(totals.unplaced, "job misses ", "jobs miss ") + plural(meta.unplaced, "capsule", "capsules")
    + (cut ? "." : ", which bid " + credits(left) + " credits.") + cut + " Each conflict set is irreducible: without any one of its parts, the rest no longer blocks the job.";
  const reasons = new Map(data.reasons.map((reason) => [reason.name, reason]));
  const reasonOf = (name) => reasons.get(name) || { label: capital(words(name)), sentence: "" };
  for (const row of data.unplaced) row.text = searchText(row, reasonOf(row.reason));
  const state = { reason: null, search: "" };
  const view = { rows: [], columns: unplacedColumns(reasonOf), pageSize: JOBS_A_PAGE, page: 0, paged: true, cards: true, caption: "Unplaced jobs", empty: "No job matches.", sort: { key: "bid", descending: true } };
  const redraw = () => {
    view.rows = data.unplaced.filter((row) => (state.reason === null || row.reason === state.reason) && row.text.includes(state.search));
    view.page = 0;
    table(document.getElementById("unplaced-table"), view);
    chipBar(document.getElementById("reason-chips"), reasonChips(data, reasonOf), state.reason, (reason) => { state.reason = reason; redraw(); });
  };
  document.getElementById("unplaced-controls").append(searchField("Search jobs, blockers, cures", (text) => { state.search = text; redraw(); }));
  redraw();
}

function searchText(row, reason) {
  return [row.job, row.service, reason.label, ...row.conflict, row.cure || ""].join(" ").toLowerCase();
}

function reasonChips(data, reasonOf) {
  const reasons = grouped(data.unplaced, (row) => row.reason);
  const chips = [...reasons].map(([reason, rows]) => {
    const missing = rows.reduce((sum, row) => sum + row.count, 0);
    return { key: reason, label: reasonOf(reason).label, amount: missing, shown: count(missing) };
  });
  return chips.sort((a, b) => b.amount - a.amount);
}

function unplacedColumns(reasonOf) {
  return [
    { key: "job", width: "14%", label: "Job", sort: (row) => row.job, fill: (cell, row) => twoLines(cell, row.job, row.service ? "class " + row.service : "") },
    { key: "count", width: "8%", label: "Missing", numeric: true, sort: (row) => row.count, fill: (cell, row) => twoLines(cell, count(row.count), "of " + count(row.asked)) },
    { key: "bid", width: "11%", label: "Bid left out", numeric: true, sort: (row) => row.bid * row.count, fill: (cell, row) => twoLines(cell, credits(row.bid * row.count), credits(row.bid) + " each") },
    { key: "reason", width: "22%", label: "Reason", sort: (row) => reasonOf(row.reason).label, fill: (cell, row) => twoLines(cell, reasonOf(row.reason).label, reasonOf(row.reason).sentence) },
    { key: "conflict", width: "25%", label: "What blocks it", fill: (cell, row) => listOf(cell, row.conflict) },
    { key: "cure", label: "Cheapest cure", sort: (row) => row.cure || "\uffff", fill: (cell, row) => { cell.append(row.cure === null ? element("span", "line-two", "none found") : element("span", "", capital(row.cure))); } },
  ];
}

function listOf(cell, parts) {
  if (parts.length === 0) {
    cell.append(element("span", "line-two", "–"));
    return;
  }
  const list = element("ul", "blockers");
  list.append(...parts.map((part) => element("li", "", capital(part))));
  cell.append(list);
}

function showFoot(data) {
  const { meta } = data;
  const rows = meta.inputs.map((input) => {
    const group = element("div");
    group.append(element("dt", "", input.file), element("dd", "", input.hash));
    return group;
  });
  document.getElementById("inputs").replaceChildren(...rows);
  const span = meta.start_us === null || meta.end_us === null ? "" : "The plan runs " + interval(meta.start_us, meta.end_us) + " UTC. ";
  document.getElementById("made").textContent = span + "Lessor " + meta.version + ", seed " + meta.seed + ". Sums are in credits (k, M, G, T: thousands to trillions; µ: millionths); all times are UTC.";
}

// One tooltip for both maps, kept inside the window.
function tooltipOf(host) {
  return {
    hide: () => { host.hidden = true; },
    show: (described, x, y) => {
      host.replaceChildren(element("strong", "", described.title), ...described.lines.map((line) => element("span", "", line)));
      host.hidden = false;
      const box = host.getBoundingClientRect();
      host.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
      host.style.top = (y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 12) : y + 18) + "px";
    },
  };
}

function start() {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  showHeadline(data);
  showFleetLead(data);
  const fleet = fleetOf(data, tooltipOf(document.getElementById("tooltip")));
  showControls(fleet);
  const progress = progressView(data);
  showClasses(data);
  const drawMigration = showMigration(data);
  showPrices(data);
  showUnplaced(data);
  showFoot(data);
  const redraw = () => {
    drawFleet(fleet);
    drawProgress(progress);
    drawMigration();
  };
  redraw();
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  addEventListener("beforeprint", () => { document.documentElement.dataset.print = "1"; redraw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.print; redraw(); });
  document.documentElement.dataset.ready = "1";
}

start();
