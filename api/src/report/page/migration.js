// The way from what runs to the plan: a bar a wave, stacked by what its capsules do, and the moves that no order allows.

const WAVES = { height: 220, left: 64, right: 14, top: 10, bottom: 34, barsMax: 160 };
const HELD_A_PAGE = 15;
// From the axis up: what moves at once, then what comes back from a pause, what begins one, and what ends.
const STAGES = [
  { key: "go", one: "changes seats", many: "change seats" },
  { key: "resume", one: "arrives after a pause", many: "arrive after a pause" },
  { key: "pause", one: "leaves, to arrive in a later wave", many: "leave, to arrive in a later wave" },
  { key: "stop", one: "stops for good", many: "stop for good" },
];

function showMigration(data) {
  const section = document.getElementById("migration");
  section.hidden = data.waves.length + data.held_back.length === 0;
  if (section.hidden) return () => {};
  const total = (stage) => data.waves.reduce((sum, wave) => sum + wave[stage.key], 0);
  const seen = STAGES.filter((stage) => total(stage) > 0);
  document.getElementById("migration-lead").textContent = migrationLead(data);
  document.getElementById("wave-key").replaceChildren(...seen.map((stage) => {
    const item = element("li");
    item.append(element("span", "key stage-" + stage.key), element("span", "", plural(total(stage), "capsule " + stage.one, "capsules " + stage.many)));
    return item;
  }));
  showHeldBack(data);
  const host = document.getElementById("wave-chart");
  host.hidden = data.waves.length === 0;
  return () => { if (!host.hidden) drawWaves(host, data.waves, seen); };
}

function migrationLead(data) {
  if (data.waves.length === 0) return "No order of moves leads to a better plan from what runs.";
  return "Capsules that run reach their new seats in " + plural(data.waves.length, "wave", "waves")
    + ". The moves of a wave may be under way at once, and nothing is overdrawn at any instant between them.";
}

// At most so many bars: where there are more waves, each stands for as many in a row, and is the largest of them.
function wavesAsBars(waves) {
  const each = Math.ceil(waves.length / WAVES.barsMax);
  const sum = (wave) => STAGES.reduce((all, stage) => all + wave[stage.key], 0);
  return Array.from({ length: Math.ceil(waves.length / each) }, (_, at) => {
    const group = waves.slice(at * each, (at + 1) * each);
    const largest = group.reduce((most, wave) => (sum(wave) > sum(most) ? wave : most));
    return { wave: largest, first: at * each, last: at * each + group.length - 1, total: sum(largest) };
  });
}

function drawWaves(host, waves, stages) {
  const width = Math.max(260, Math.floor(host.clientWidth));
  const bottom = WAVES.height - WAVES.bottom;
  const bars = wavesAsBars(waves);
  const most = Math.max(...bars.map((bar) => bar.total), 1);
  const y = (capsules) => bottom - (capsules / most) * (bottom - WAVES.top);
  const step = Math.min(72, (width - WAVES.left - WAVES.right) / bars.length);
  const root = svg("svg", { viewBox: `0 0 ${width} ${WAVES.height}`, width, height: WAVES.height, role: "img" });
  root.append(svg("title", {}, "Capsules on the move in each of " + plural(waves.length, "wave", "waves")));
  const end = WAVES.left + bars.length * step;
  for (const mark of ticks(0, most, 4).marks.filter(Number.isInteger)) {
    root.append(svg("line", { class: "chart-grid", x1: WAVES.left, x2: end, y1: y(mark), y2: y(mark) }));
    root.append(svg("text", { class: "chart-label", x: WAVES.left - 8, y: y(mark) + 4, "text-anchor": "end" }, count(mark)));
  }
  bars.forEach((bar, at) => root.append(waveBar(bar, WAVES.left + at * step, Math.max(1, step * 0.86), y, stages)));
  root.append(svg("line", { class: "chart-axis", x1: WAVES.left, x2: end, y1: bottom, y2: bottom }));
  const labels = bars.length === 1 ? [0] : [0, bars.length - 1];
  for (const at of labels) {
    const middle = WAVES.left + (at + 0.43) * step;
    const place = at === 0 ? { x: Math.max(WAVES.left, middle - 22), "text-anchor": "start" } : { x: Math.min(width, middle + 22), "text-anchor": "end" };
    if (at === 0 || bars.length * step > 130) {
      root.append(svg("text", { class: "chart-label", y: bottom + 19, ...place }, "wave" + SPACE + count((at === 0 ? bars[at].first : bars[at].last) + 1)));
    }
  }
  host.replaceChildren(root);
}

function waveBar(bar, left, width, y, stages) {
  const group = svg("g", {});
  const named = bar.first === bar.last ? "Wave " + count(bar.first + 1) : "Largest of waves " + count(bar.first + 1) + " to " + count(bar.last + 1);
  const parts = stages.filter((stage) => bar.wave[stage.key] > 0).map((stage) => plural(bar.wave[stage.key], stage.one, stage.many));
  group.append(svg("title", {}, named + ": " + parts.join(", ")));
  let below = 0;
  for (const stage of stages) {
    const above = below + bar.wave[stage.key];
    if (above > below) group.append(svg("rect", { class: "stage-" + stage.key, x: left, width, y: y(above), height: y(below) - y(above) }));
    below = above;
  }
  return group;
}

function showHeldBack(data) {
  const part = document.getElementById("held-part");
  part.hidden = data.held_back.length === 0;
  if (part.hidden) return;
  const cut = data.totals.held_back > data.held_back.length
    ? " The largest " + count(data.held_back.length) + " of " + count(data.totals.held_back) + " are listed." : "";
  document.getElementById("held-lead").textContent = "These would have made the plan better, but each would wait without end: for room that never comes, or for another that waits itself." + cut;
  const view = { rows: data.held_back, columns: heldColumns(), pageSize: HELD_A_PAGE, page: 0, paged: true, cards: true, caption: "Moves held back", empty: "No move matches.", sort: { key: "count", descending: true } };
  const redraw = (search) => {
    view.rows = data.held_back.filter((row) => [row.job, row.from, row.to, row.wait, row.behind || ""].join(" ").toLowerCase().includes(search));
    view.page = 0;
    table(document.getElementById("held-table"), view);
  };
  document.getElementById("held-controls").append(searchField("Search jobs and tiles", redraw));
  redraw("");
}

function heldColumns() {
  const plain = (key) => (cell, row) => { cell.textContent = row[key]; };
  return [
    { key: "job", label: "Job", sort: (row) => row.job, fill: plain("job") },
    { key: "count", label: "Capsules", numeric: true, sort: (row) => row.count, fill: (cell, row) => { cell.textContent = count(row.count); } },
    { key: "from", label: "Stays on", sort: (row) => row.from, fill: plain("from") },
    { key: "to", label: "Would go to", sort: (row) => row.to, fill: plain("to") },
    { key: "wait", label: "Waits for", width: "36%", sort: (row) => row.wait, fill: (cell, row) => twoLines(cell, row.wait, row.behind ? "held by " + row.behind + ", which waits too" : "there will never be enough") },
  ];
}
