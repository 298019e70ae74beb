// The fleet: the map of cells, the strip of zones, and the detail of whichever square was chosen.

const ZONE_LABELS = {
  power_feed: "Power feeds", beam: "Beams", radiator_loop: "Radiator loops", optical_link: "Optical links",
  failure_domain: "Failure domains",
};
const CELL_MAP_HEIGHT = 470;
// What is left of the first sheet of paper under the headline.
const PRINT_MAP_HEIGHT = 400;
const ZONE_MAP_HEIGHT = 170;
const HISTOGRAM_BINS = 25;

function fleetOf(data, tooltip) {
  const fleet = { data, kinds: shownKinds(data), measure: "used", chosen: null };
  fleet.kind = scarcestKind(data, fleet.kinds) ?? busiestKind(data, fleet.kinds);
  fleet.priced = new Map();
  for (const row of data.prices) {
    const key = [row.owner_type, row.owner, row.kind].join("\n");
    if (!fleet.priced.has(key)) fleet.priced.set(key, row);
  }
  fleet.cellGroups = cellGroups(data.cells);
  fleet.zoneGroups = zoneGroups(data.zones);
  fleet.cellMap = heatMap(document.getElementById("cell-map"), tooltip, cellSource(fleet));
  fleet.zoneMap = heatMap(document.getElementById("zone-map"), tooltip, zoneSource(fleet));
  fleet.chosen = fullest(fleet);
  return fleet;
}

// A kind that nothing has or nothing uses would be an even sheet of color.
function shownKinds(data) {
  const all = data.kinds.map((_, kind) => kind);
  const given = all.filter((kind) => data.cells.some((cell) => cell.capacity[kind] > 0));
  const used = given.filter((kind) => data.cells.some((cell) => cell.used[kind] > 0));
  return used.length > 0 ? used : given;
}

// The kind whose prices are worth most in all, or null where none of those shown has one.
function scarcestKind(data, kinds) {
  const worth = new Map();
  for (const row of data.prices) worth.set(row.kind, (worth.get(row.kind) ?? 0) + micros(row.worth));
  const worthOf = (kind) => worth.get(data.kinds[kind].name) ?? 0;
  const best = kinds.reduce((best, kind) => (best === null || worthOf(kind) > worthOf(best) ? kind : best), null);
  return best !== null && worthOf(best) > 0 ? best : null;
}

function busiestKind(data, kinds) {
  let best = kinds.length > 0 ? kinds[0] : -1;
  let most = -1;
  for (const kind of kinds) {
    const shares = data.cells.map((cell) => shareOf(cell, kind)).filter((share) => share !== null);
    const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
    if (mean > most) [best, most] = [kind, mean];
  }
  return best;
}

// The used share, or null where the kind is not limited or not there.
function shareOf(row, kind) {
  const capacity = kind < 0 ? null : row.capacity[kind];
  if (capacity === null) return null;
  if (capacity === 0) return row.used[kind] > 0 ? Infinity : null;
  return row.used[kind] / capacity;
}

// A zone is shown by whatever it is nearest to running out of.
function tightestKind(zone) {
  let best = -1;
  for (let kind = 0; kind < zone.capacity.length; kind += 1) {
    const share = shareOf(zone, kind);
    if (share !== null && (best < 0 || share > shareOf(zone, best))) best = kind;
  }
  return best;
}

function fullest(fleet) {
  let best = null;
  let most = -1;
  fleet.data.cells.forEach((cell, index) => {
    const share = shareOf(cell, fleet.kind) ?? 0;
    if (share > most) [best, most] = [{ type: "cell", index }, share];
  });
  return best;
}

function grouped(rows, keyOf) {
  const groups = new Map();
  rows.forEach((row) => {
    const key = keyOf(row);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  });
  return groups;
}

function cellGroups(cells) {
  const regions = grouped(cells.map((_, index) => index), (index) => cells[index].region);
  return [...regions].map(([region, members]) => ({
    label: regions.size > 1 ? region || "No region" : "",
    blocks: [...grouped(members, (index) => cells[index].cluster)].map(([cluster, items]) => ({ label: cluster, items })),
  }));
}

function zoneGroups(zones) {
  const kinds = grouped(zones.map((_, index) => index), (index) => zones[index].kind);
  return [{
    label: "",
    blocks: [...kinds].map(([kind, items]) => ({ label: ZONE_LABELS[kind] || capital(words(kind)), items })),
  }];
}

function cellSource(fleet) {
  const { cells } = fleet.data;
  return {
    groups: () => fleet.cellGroups.map((group) => ({
      ...group, blocks: group.blocks.map((block) => ({ ...block, note: blockNote(fleet, block.items) })),
    })),
    heightWanted: (width) => Math.min(document.documentElement.dataset.print ? PRINT_MAP_HEIGHT : CELL_MAP_HEIGHT, width * 1.2),
    color: (item) => cellColor(fleet, cells[item]),
    text: (item) => cellText(fleet, cells[item]),
    marked: (item) => cells[item].binding.includes(fleet.kind),
    describe: (item) => describeCell(fleet, cells[item]),
    select: (index) => choose(fleet, { type: "cell", index }),
  };
}

function zoneSource(fleet) {
  const { zones } = fleet.data;
  return {
    groups: () => fleet.zoneGroups,
    heightWanted: () => ZONE_MAP_HEIGHT,
    color: (item) => shareColor(shareOf(zones[item], tightestKind(zones[item]))),
    text: (item) => shareText(shareOf(zones[item], tightestKind(zones[item]))),
    marked: (item) => zones[item].binding.length > 0,
    describe: (item) => describeZone(fleet, zones[item]),
    select: (index) => choose(fleet, { type: "zone", index }),
  };
}

function blockNote(fleet, items) {
  const shares = items.map((item) => shareOf(fleet.data.cells[item], fleet.kind)).filter(Number.isFinite);
  if (shares.length === 0) return "";
  return "mean " + percent(shares.reduce((sum, share) => sum + share, 0) / shares.length);
}

function shareColor(share) {
  if (share === null) return null;
  return share > 1 ? { css: token("warn"), lightness: 0.6 } : scaleColor(share);
}

function shareText(share) {
  return share === null || !Number.isFinite(share) ? "–" : String(Math.floor(share * 100 + 1e-9));
}

function headroom(row, kind) {
  return row.capacity[kind] === null ? null : Math.max(0, row.capacity[kind] - row.used[kind]);
}

function mostHeadroom(fleet) {
  return fleet.data.cells.reduce((most, cell) => Math.max(most, fleet.kind < 0 ? 0 : headroom(cell, fleet.kind) ?? 0), 0);
}

function cellColor(fleet, cell) {
  const share = shareOf(cell, fleet.kind);
  if (fleet.measure === "used" || share === null || share > 1) return shareColor(share);
  return scaleColor(headroom(cell, fleet.kind) / Math.max(1, fleet.headroomScale));
}

function cellText(fleet, cell) {
  if (fleet.measure === "used" || shareOf(cell, fleet.kind) === null) return shareText(shareOf(cell, fleet.kind));
  return amountLike(headroom(cell, fleet.kind), fleet.headroomScale, fleet.data.kinds[fleet.kind].unit);
}

function describeCell(fleet, cell) {
  return { title: cell.name, lines: [...kindLines(fleet, cell, fleet.kind), plural(cell.capsules, "capsule", "capsules") + " on " + plural(cell.tiles, "tile", "tiles")] };
}

function describeZone(fleet, zone) {
  const kind = tightestKind(zone);
  return { title: zone.name, lines: kind < 0 ? ["Limits nothing"] : kindLines(fleet, zone, kind) };
}

function kindLines(fleet, row, kind) {
  if (kind < 0) return [];
  const { name, unit } = fleet.data.kinds[kind];
  const share = shareOf(row, kind);
  if (share === null) return [capital(name) + ": " + (row.capacity[kind] === null ? "not limited here" : "none here")];
  const lines = [capital(name) + " " + percent(share) + " used", amountOf(row.used[kind], row.capacity[kind], unit)];
  return row.binding.includes(kind) ? [...lines, "Scarce: it has a price"] : lines;
}

function choose(fleet, chosen) {
  fleet.chosen = chosen;
  fleet.cellMap.choose(chosen.type === "cell" ? chosen.index : -1);
  fleet.zoneMap.choose(chosen.type === "zone" ? chosen.index : -1);
  showDetail(fleet);
}

function drawFleet(fleet) {
  fleet.headroomScale = mostHeadroom(fleet);
  const { cells, zones } = fleet.data;
  document.getElementById("cell-map").hidden = cells.length === 0;
  document.getElementById("zones-part").hidden = zones.length === 0;
  const chosen = fleet.chosen || { type: "", index: -1 };
  fleet.cellMap.selected = chosen.type === "cell" ? chosen.index : -1;
  fleet.zoneMap.selected = chosen.type === "zone" ? chosen.index : -1;
  if (cells.length > 0) fleet.cellMap.draw();
  if (zones.length > 0) fleet.zoneMap.draw();
  showLegend(fleet);
  showDetail(fleet);
  describeMaps(fleet);
}

function describeMaps(fleet) {
  const kind = fleet.kind < 0 ? "resources" : fleet.data.kinds[fleet.kind].name;
  const what = fleet.measure === "used" ? "share of " + kind + " used" : kind + " headroom";
  fleet.cellMap.canvas.setAttribute("aria-label", "Heat map of " + plural(fleet.data.cells.length, "cell", "cells") + ", colored by " + what);
  fleet.zoneMap.canvas.setAttribute("aria-label", "Heat map of " + plural(fleet.data.zones.length, "zone", "zones") + ", colored by the share used of the tightest resource");
}

function showControls(fleet) {
  const kinds = fleet.kinds.map((kind) => ({ key: String(kind), label: capital(fleet.data.kinds[kind].name) }));
  const measures = [{ key: "used", label: "Used" }, { key: "headroom", label: "Headroom" }];
  document.getElementById("fleet-controls").hidden = kinds.length === 0;
  radios(document.getElementById("kind-switch"), "kind", kinds, String(fleet.kind), (key) => {
    fleet.kind = Number(key);
    drawFleet(fleet);
  });
  radios(document.getElementById("measure-switch"), "measure", measures, fleet.measure, (key) => {
    fleet.measure = key;
    drawFleet(fleet);
  });
}

// Where each cell stands on the scale, from 0 to 1.
function scaleShares(fleet) {
  const shares = fleet.data.cells.map((cell) => {
    const share = shareOf(cell, fleet.kind);
    if (share === null || fleet.measure === "used") return share;
    return headroom(cell, fleet.kind) / Math.max(1, fleet.headroomScale);
  });
  return shares.filter((share) => share !== null);
}

function showLegend(fleet) {
  const host = document.getElementById("fleet-legend");
  host.hidden = fleet.kind < 0;
  if (fleet.kind < 0) return;
  const { name, unit } = fleet.data.kinds[fleet.kind];
  const used = fleet.measure === "used";
  const scale = element("div", "legend-scale");
  const gradient = element("div", "legend-gradient");
  gradient.style.background = scaleGradient();
  const ends = element("div", "legend-ends");
  ends.append(element("span", "", used ? "0" + SPACE + "%" : "0"), element("span", "legend-name", used ? name + " used" : name + " headroom"));
  ends.append(element("span", "", used ? "100" + SPACE + "%" : amount(fleet.headroomScale, unit)));
  scale.append(histogram(scaleShares(fleet)), gradient, ends);
  const keys = element("ul", "legend-keys");
  const { cells, zones } = fleet.data;
  if (cells.some((cell) => cell.binding.includes(fleet.kind)) || zones.some((zone) => zone.binding.length > 0)) {
    keys.append(legendKey("key-priced", "scarce: has a price"));
  }
  if (cells.some((cell) => shareOf(cell, fleet.kind) === null)) keys.append(legendKey("key-none", "none here, or not limited"));
  if (cells.some((cell) => shareOf(cell, fleet.kind) > 1)) keys.append(legendKey("key-over", "in deficit"));
  host.replaceChildren(scale, keys);
}

// How many cells stand at each part of the scale: the colors say where, this says how many.
function histogram(shares) {
  const bins = new Array(HISTOGRAM_BINS).fill(0);
  for (const share of shares) bins[Math.min(HISTOGRAM_BINS - 1, Math.floor(Math.min(1, share) * HISTOGRAM_BINS))] += 1;
  const most = Math.max(...bins, 1);
  const host = element("div", "histogram");
  host.setAttribute("aria-hidden", "true");
  for (const bin of bins) {
    const bar = element("span", bin > 0 ? "" : "bin-empty");
    bar.style.height = (bin > 0 ? Math.max(6, 100 * bin / most) : 0) + "%";
    bar.title = plural(bin, "cell", "cells");
    host.append(bar);
  }
  return host;
}

function legendKey(className, text) {
  const key = element("li");
  key.append(element("span", "key " + className), element("span", "", text));
  return key;
}

function showDetail(fleet) {
  const host = document.getElementById("detail");
  host.hidden = fleet.chosen === null;
  if (fleet.chosen === null) return;
  const isCell = fleet.chosen.type === "cell";
  const row = (isCell ? fleet.data.cells : fleet.data.zones)[fleet.chosen.index];
  const place = isCell ? [row.region, row.cluster].filter(Boolean).join(" › ") : capital(words(row.kind));
  const facts = element("p", "detail-facts", plural(row.tiles, "tile", "tiles") + (isCell ? ", " + plural(row.capsules, "capsule", "capsules") : ""));
  const bars = element("ul", "detail-bars");
  row.capacity.forEach((capacity, kind) => {
    if (isCell ? capacity > 0 || row.used[kind] > 0 : capacity !== null) bars.append(detailBar(fleet, row, kind, isCell ? "cell" : row.kind));
  });
  host.replaceChildren(element("p", "eyebrow", isCell ? "Cell" : "Zone"), element("h3", "", row.name), element("p", "detail-place", place), facts, bars);
}

function detailBar(fleet, row, kind, ownerType) {
  const { name, unit } = fleet.data.kinds[kind];
  const share = shareOf(row, kind);
  const line = element("li");
  const head = element("div", "bar-head");
  head.append(element("span", "bar-name", capital(name)), element("span", "bar-share", share === null ? "not limited" : percent(share)));
  const track = element("div", "bar-track");
  const fill = element("div", "bar-fill");
  fill.style.width = 100 * Math.min(1, share === null ? 0 : share) + "%";
  fill.style.background = share > 1 ? token("warn") : scaleColor(share === null ? 0 : Math.max(0.15, share)).css;
  track.append(fill);
  line.append(head, track, element("div", "bar-foot", row.capacity[kind] === null ? amount(row.used[kind], unit) : amountOf(row.used[kind], row.capacity[kind], unit)));
  const priced = fleet.priced.get([ownerType, row.name, name].join("\n"));
  if (priced) line.append(element("div", "bar-price", "Scarce: " + price(priced.price, unit) + " credits per " + priceUnit(unit)));
  return line;
}
