// A heat map of squares on a canvas: blocks of squares under headings, readable from one square to ten thousand.
// It knows nothing of cells or zones: whoever makes one says how a square is colored, marked and described.

const SQUARE_MAX = 46;
const SQUARE_MIN = 4;
const BLOCK_GAP = 18;
const BLOCK_LABEL = 21;
const HEADING = 26;
const BLOCKS_ACROSS_MAX = 24;
// The ring around a chosen square at the edge needs room inside the canvas.
const MAP_MARGIN = 3;

// Blocks all get the same width, so that they stand in columns; the largest square that keeps the height wins.
function layoutMap(groups, width, heightWanted) {
  let best = null;
  for (let pitch = SQUARE_MAX; pitch >= SQUARE_MIN; pitch -= pitch > 16 ? 2 : 1) {
    best = bestAcross(groups, width, pitch);
    if (best.height <= heightWanted) break;
  }
  return placeBlocks(groups, best);
}

function bestAcross(groups, width, pitch) {
  const most = Math.max(1, ...groups.map((group) => group.blocks.length));
  let best = null;
  for (let across = 1; across <= Math.min(most, BLOCKS_ACROSS_MAX); across += 1) {
    const columns = Math.floor(((width + BLOCK_GAP) / across - BLOCK_GAP) / pitch);
    if (columns < 1) break;
    const height = heightOf(groups, across, columns, pitch);
    if (!best || height < best.height) best = { across, columns, pitch, height, blockWidth: (width + BLOCK_GAP) / across };
  }
  return best || { across: 1, columns: 1, pitch, height: Infinity, blockWidth: width };
}

function rowsOf(group, across) {
  const rows = [];
  for (let at = 0; at < group.blocks.length; at += across) rows.push(group.blocks.slice(at, at + across));
  return rows;
}

function heightOf(groups, across, columns, pitch) {
  let height = 0;
  for (const group of groups) {
    if (group.label) height += HEADING;
    for (const row of rowsOf(group, across)) {
      const most = Math.max(...row.map((block) => block.items.length));
      const labeled = row.some((block) => block.label);
      height += (labeled ? BLOCK_LABEL : 0) + Math.ceil(most / columns) * pitch + BLOCK_GAP;
    }
  }
  return height - (groups.length ? BLOCK_GAP : 0);
}

function placeBlocks(groups, shape) {
  const layout = { ...shape, blocks: [], headings: [] };
  let y = 0;
  for (const group of groups) {
    if (group.label) layout.headings.push({ label: group.label, note: group.note, y: y + 15 });
    if (group.label) y += HEADING;
    for (const row of rowsOf(group, shape.across)) {
      const labeled = row.some((block) => block.label) ? BLOCK_LABEL : 0;
      const most = Math.max(...row.map((block) => block.items.length));
      row.forEach((block, at) => layout.blocks.push({ ...block, x: at * shape.blockWidth, y: y + labeled }));
      y += labeled + Math.ceil(most / shape.columns) * shape.pitch + BLOCK_GAP;
    }
  }
  layout.height = Math.max(1, y - BLOCK_GAP);
  return layout;
}

// source: { groups(), color(item) -> {css, lightness}, text(item), marked(item), describe(item), select(item), heightWanted() }
function heatMap(canvas, tooltip, source) {
  const map = { canvas, source, layout: null, selected: -1, order: [], base: document.createElement("canvas") };
  map.draw = () => drawMap(map);
  map.choose = (item) => {
    map.selected = item;
    showMap(map);
  };
  canvas.addEventListener("pointermove", (event) => {
    const item = squareAt(map, event.offsetX, event.offsetY);
    canvas.style.cursor = item >= 0 ? "pointer" : "default";
    if (item < 0) tooltip.hide();
    else tooltip.show(source.describe(item), event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", () => tooltip.hide());
  canvas.addEventListener("click", (event) => {
    const item = squareAt(map, event.offsetX, event.offsetY);
    if (item >= 0) source.select(item);
  });
  canvas.addEventListener("keydown", (event) => {
    const item = neighbor(map, event.key);
    if (item < 0) return;
    event.preventDefault();
    source.select(item);
  });
  return map;
}

// The squares are drawn once, apart, so that moving the choice over ten thousand of them costs one copy.
function drawMap(map) {
  const { canvas, source, base } = map;
  const width = Math.max(120, Math.floor(canvas.parentElement.clientWidth) - 2 * MAP_MARGIN);
  map.layout = layoutMap(source.groups(), width, source.heightWanted(width));
  map.order = map.layout.blocks.flatMap((block) => block.items);
  const ratio = Math.max(1, window.devicePixelRatio || 1);
  const full = { width: width + 2 * MAP_MARGIN, height: Math.ceil(map.layout.height) + 2 * MAP_MARGIN };
  for (const surface of [base, canvas]) {
    surface.width = Math.round(full.width * ratio);
    surface.height = Math.round(full.height * ratio);
  }
  canvas.style.width = full.width + "px";
  canvas.style.height = full.height + "px";
  const pen = penOf(base, ratio);
  drawLabels(pen, map.layout, width);
  for (const block of map.layout.blocks) block.items.forEach((item, at) => drawSquare(pen, map, block, at, item));
  showMap(map);
}

function penOf(surface, ratio) {
  const pen = surface.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, MAP_MARGIN * ratio, MAP_MARGIN * ratio);
  return pen;
}

function showMap(map) {
  const { canvas, base } = map;
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(base, 0, 0);
  drawSelection(penOf(canvas, canvas.width / parseFloat(canvas.style.width)), map);
}

function drawLabels(pen, layout, width) {
  const family = getComputedStyle(document.body).fontFamily;
  pen.textBaseline = "alphabetic";
  for (const heading of layout.headings) {
    pen.font = "600 13px " + family;
    pen.fillStyle = token("ink");
    pen.fillText(shortened(pen, heading.label, width), 0, heading.y);
  }
  pen.font = "12px " + family;
  for (const block of layout.blocks) {
    if (!block.label) continue;
    const room = Math.min(layout.blockWidth - BLOCK_GAP, width);
    pen.fillStyle = token("muted");
    const note = block.note || "";
    const noteWidth = note ? pen.measureText(note).width + 8 : 0;
    const fits = pen.measureText(block.label).width + noteWidth <= room;
    pen.fillText(fits ? block.label + "  " + note : shortened(pen, block.label, room), block.x, block.y - 7);
  }
}

function shortened(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 0 && pen.measureText(kept + "…").width > room) kept = kept.slice(0, -1);
  return kept.length > 1 ? kept + "…" : "";
}

function squareGap(pitch) {
  return pitch >= 24 ? 3 : pitch >= 10 ? 2 : 1;
}

function corner(layout, block, at) {
  return [block.x + (at % layout.columns) * layout.pitch, block.y + Math.floor(at / layout.columns) * layout.pitch];
}

function drawSquare(pen, map, block, at, item) {
  const { layout, source } = map;
  const [x, y] = corner(layout, block, at);
  const size = layout.pitch - squareGap(layout.pitch);
  const color = source.color(item);
  pen.fillStyle = color ? color.css : token("none");
  roundedPath(pen, x, y, size, size >= 16 ? 3 : size >= 9 ? 2 : 0);
  pen.fill();
  if (source.marked(item)) drawMark(pen, x, y, size);
  if (size < 30) return;
  pen.font = "12px " + getComputedStyle(document.body).fontFamily;
  pen.textAlign = "center";
  pen.fillStyle = !color ? token("muted") : color.lightness > 0.56 ? "#16181c" : "#ffffff";
  pen.fillText(source.text(item), x + size / 2, y + size / 2 + 4.5);
  pen.textAlign = "left";
}

// A cut corner says that the account has a price: a shape, so that it survives gray print and any color vision.
function drawMark(pen, x, y, size) {
  const side = Math.max(2.5, Math.min(11, size * 0.4));
  pen.fillStyle = token("paper");
  pen.beginPath();
  pen.moveTo(x + size - side, y - 0.5);
  pen.lineTo(x + size + 0.5, y - 0.5);
  pen.lineTo(x + size + 0.5, y + side);
  pen.closePath();
  pen.fill();
}

function drawSelection(pen, map) {
  const { layout } = map;
  for (const block of layout.blocks) {
    const at = block.items.indexOf(map.selected);
    if (at < 0) continue;
    const [x, y] = corner(layout, block, at);
    const size = layout.pitch - squareGap(layout.pitch);
    pen.lineWidth = 2;
    pen.strokeStyle = token("paper");
    roundedPath(pen, x - 0.5, y - 0.5, size + 1, 3);
    pen.stroke();
    pen.strokeStyle = token("ink");
    roundedPath(pen, x - 1.5, y - 1.5, size + 3, size >= 16 ? 4 : 2);
    pen.stroke();
  }
}

function roundedPath(pen, x, y, size, radius) {
  pen.beginPath();
  if (radius > 0) pen.roundRect(x, y, size, size, radius);
  else pen.rect(x, y, size, size);
}

function squareAt(map, offsetX, offsetY) {
  const { layout } = map;
  if (!layout) return -1;
  const x = offsetX - MAP_MARGIN;
  const y = offsetY - MAP_MARGIN;
  for (const block of layout.blocks) {
    const column = Math.floor((x - block.x) / layout.pitch);
    const row = Math.floor((y - block.y) / layout.pitch);
    if (column < 0 || row < 0 || column >= layout.columns) continue;
    const item = block.items[row * layout.columns + column];
    if (item !== undefined) return item;
  }
  return -1;
}

// Left and right follow the reading order; up and down take the nearest square that way, across blocks.
function neighbor(map, key) {
  const { order } = map;
  if (order.length === 0) return -1;
  const at = order.indexOf(map.selected);
  if (key === "Home" || (at < 0 && key.startsWith("Arrow"))) return order[0];
  if (key === "End") return order[order.length - 1];
  if (key === "ArrowRight") return order[Math.min(order.length - 1, at + 1)];
  if (key === "ArrowLeft") return order[Math.max(0, at - 1)];
  if (key === "ArrowDown") return nearest(map, 1);
  if (key === "ArrowUp") return nearest(map, -1);
  return -1;
}

function nearest(map, direction) {
  const places = new Map();
  for (const block of map.layout.blocks) {
    block.items.forEach((item, at) => places.set(item, corner(map.layout, block, at)));
  }
  const [fromX, fromY] = places.get(map.selected);
  let best = map.selected;
  let least = Infinity;
  for (const [item, [x, y]] of places) {
    const along = (y - fromY) * direction;
    if (along < 1) continue;
    const distance = along + 2 * Math.abs(x - fromX);
    if (distance < least) [best, least] = [item, distance];
  }
  return best;
}
