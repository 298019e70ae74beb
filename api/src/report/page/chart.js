// Value and bound as step lines against seconds, in SVG, so that print and zoom stay sharp.

const CHART = { height: 264, left: 64, right: 14, top: 14, bottom: 34 };
// A time axis over more than this ratio hides its beginning, so a logarithmic one is offered.
const LOG_RATIO = 20;

function svg(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// Points as numbers, without those that a browser cannot place.
function chartPoints(timeline) {
  const points = timeline.map((point) => ({
    seconds: Math.max(0, point.seconds),
    value: point.value === null ? null : micros(point.value),
    bound: point.bound === null ? null : micros(point.bound),
  }));
  return points.filter((point) => Number.isFinite(point.seconds) && (point.value !== null || point.bound !== null));
}

function canBeLogarithmic(points) {
  const first = points.find((point) => point.seconds > 0);
  return first !== undefined && points[points.length - 1].seconds / first.seconds >= LOG_RATIO;
}

// Where the last gap is a sliver of the whole range, only its surroundings show it.
function canBeClose(points) {
  const range = closeRange(points);
  const all = wholeRange(points);
  return range !== null && range[1] - range[0] < 0.5 * (all[1] - all[0]);
}

function wholeRange(points) {
  const seen = points.flatMap((point) => [point.value, point.bound]).filter((amount) => amount !== null);
  return padded(Math.min(...seen), Math.max(...seen));
}

function closeRange(points) {
  const last = points[points.length - 1];
  if (last.value === null || last.bound === null || last.bound <= last.value) return null;
  const gap = last.bound - last.value;
  return [last.value - 4 * gap, last.bound + 3 * gap];
}

function padded(low, high) {
  const room = high > low ? (high - low) * 0.06 : Math.max(1, Math.abs(high) * 0.01);
  return [low - room, high + room];
}

function niceStep(span, wanted) {
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

function ticks(low, high, wanted) {
  const step = niceStep(high - low, wanted);
  const marks = [];
  for (let index = Math.ceil(low / step); index * step <= high + step * 1e-9; index += 1) marks.push(index * step);
  return { marks, step };
}

function logTicks(low, high) {
  const factors = high / low > 3000 ? [1] : [1, 2, 5];
  const marks = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
    marks.push(...factors.map((factor) => factor * 10 ** power));
  }
  return marks.filter((mark) => mark >= low * 0.999 && mark <= high);
}

function timeAxis(points, width, logarithmic) {
  const last = Math.max(points[points.length - 1].seconds, 1e-6);
  const from = CHART.left;
  const to = width - CHART.right;
  if (!logarithmic) {
    return { place: (seconds) => from + (seconds / last) * (to - from), marks: ticks(0, last, width > 560 ? 7 : 4).marks };
  }
  const first = points.find((point) => point.seconds > 0).seconds;
  const span = Math.log(last / first);
  const place = (seconds) => from + (Math.log(Math.max(seconds, first) / first) / span) * (to - from);
  return { place, marks: logTicks(first, last) };
}

function secondsLabel(seconds, last) {
  const [amountShown, unit] = last >= 600 ? [seconds / 60, "min"] : [seconds, "s"];
  return String(Number(amountShown.toPrecision(3))) + SPACE + unit;
}

function drawChart(host, points, options) {
  const width = Math.max(260, Math.floor(host.clientWidth));
  const [low, high] = options.close ? closeRange(points) : wholeRange(points);
  const bottom = CHART.height - CHART.bottom;
  const y = (amountShown) => bottom - ((amountShown - low) / (high - low)) * (bottom - CHART.top);
  const time = timeAxis(points, width, options.logarithmic);
  const root = svg("svg", { viewBox: `0 0 ${width} ${CHART.height}`, width, height: CHART.height, role: "img" });
  root.append(svg("title", {}, options.title));
  const clip = svg("clipPath", { id: "plot" });
  clip.append(svg("rect", { x: CHART.left, y: CHART.top - 2, width: width - CHART.left - CHART.right + 2, height: bottom - CHART.top + 4 }));
  root.append(clip);
  drawAmountAxis(root, width, y, [low, high]);
  drawTimeAxis(root, time, points, bottom);
  const end = points[points.length - 1].seconds;
  const plot = svg("g", { "clip-path": "url(#plot)" });
  const steps = ["value", "bound"].map((name) => stepPoints(points, name, end));
  plot.append(svg("path", { class: "chart-gap", d: areaBetween(steps[0], steps[1], time.place, y) }));
  plot.append(svg("path", { class: "chart-bound", d: linePath(steps[1], time.place, y) }));
  plot.append(svg("path", { class: "chart-value", d: linePath(steps[0], time.place, y) }));
  root.append(plot);
  host.replaceChildren(root);
}

function drawAmountAxis(root, width, y, [low, high]) {
  const { marks, step } = ticks(low, high, 5);
  for (const mark of marks) {
    const at = y(mark);
    root.append(svg("line", { class: "chart-grid", x1: CHART.left, x2: width - CHART.right, y1: at, y2: at }));
    root.append(svg("text", { class: "chart-label", x: CHART.left - 8, y: at + 4, "text-anchor": "end" }, preciseCredits(mark, step)));
  }
}

function drawTimeAxis(root, time, points, bottom) {
  const last = points[points.length - 1].seconds;
  root.append(svg("line", { class: "chart-axis", x1: CHART.left, x2: time.place(last), y1: bottom, y2: bottom }));
  for (const mark of time.marks) {
    const at = time.place(mark);
    root.append(svg("line", { class: "chart-axis", x1: at, x2: at, y1: bottom, y2: bottom + 4 }));
    const anchor = mark >= last * 0.97 ? "end" : "middle";
    root.append(svg("text", { class: "chart-label", x: at, y: bottom + 19, "text-anchor": anchor }, secondsLabel(mark, last)));
  }
}

// The known points of one line, held until the end.
function stepPoints(points, name, end) {
  const known = points.filter((point) => point[name] !== null).map((point) => [point.seconds, point[name]]);
  if (known.length > 0) known.push([end, known[known.length - 1][1]]);
  return known;
}

function linePath(steps, x, y) {
  let path = "";
  steps.forEach(([seconds, at], index) => {
    path += index === 0 ? `M${x(seconds)} ${y(at)}` : `H${x(seconds)}V${y(at)}`;
  });
  return path;
}

// The gap, from the time when both lines are known.
function areaBetween(lower, upper, x, y) {
  if (lower.length === 0 || upper.length === 0) return "";
  const from = Math.max(lower[0][0], upper[0][0]);
  const cut = (steps) => [[from, valueAt(steps, from)], ...steps.filter((step) => step[0] > from)];
  const corners = (steps) => steps.flatMap(([seconds, at], index) =>
    index === 0 ? [[seconds, at]] : [[seconds, steps[index - 1][1]], [seconds, at]]);
  const around = [...corners(cut(lower)), ...corners(cut(upper)).reverse()];
  return "M" + around.map(([seconds, at]) => `${x(seconds)} ${y(at)}`).join("L") + "Z";
}

function valueAt(steps, seconds) {
  let held = steps[0][1];
  for (const step of steps) if (step[0] <= seconds) held = step[1];
  return held;
}
