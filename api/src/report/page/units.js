// Amounts, money and time as people read them. Base units come from the data; nothing here touches the page.

const SPACE = "\u00a0";
const PREFIXES = ["", "k", "M", "G", "T", "P", "E", "Z"];
const BINARY_PREFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// Per base unit: what it is in the unit shown, the step between prefixes, and the unit in which prices are read.
const UNITS = {
  "Mop/s": { factor: 1e6, symbol: "op/s", step: 1000, priceUnit: "Top/s·h", priceAmount: 1e6 },
  "B": { factor: 1, symbol: "B", step: 1024, priceUnit: "GiB·h", priceAmount: 2 ** 30 },
  "bit/s": { factor: 1, symbol: "bit/s", step: 1000, priceUnit: "Gbit/s·h", priceAmount: 1e9 },
  "mW": { factor: 1e-3, symbol: "W", step: 1000, priceUnit: "kW·h", priceAmount: 1e6 },
  "milli-device": { factor: 1e-3, symbol: "devices", step: 0, priceUnit: "device·h", priceAmount: 1000 },
};

// Three significant digits, never an exponent, grouped. A column of them lines up: only whole numbers drop their zeros.
function digits(number) {
  if (Number.isInteger(number)) return count(number);
  const size = Math.abs(number);
  return fixed(number, size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(size))));
}

function fixed(number, decimals) {
  return number.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function count(number) {
  return number.toLocaleString("en-US");
}

function plural(number, one, many) {
  return count(number) + SPACE + (number === 1 ? one : many);
}

function prefixed(number, symbol, step) {
  if (step === 0) return digits(number) + SPACE + symbol;
  const names = step === 1024 ? BINARY_PREFIXES : PREFIXES;
  let power = 0;
  // 999.6 would read 1,000 of the smaller unit.
  while (Math.abs(number) >= step * 0.9995 && power < names.length - 1) {
    number /= step;
    power += 1;
  }
  if (power === 0 && number !== 0 && Math.abs(number) < 1 && symbol === "W") return digits(number * 1000) + SPACE + "mW";
  return digits(number) + SPACE + names[power] + symbol;
}

function amount(base, unit) {
  const shown = UNITS[unit] || { factor: 1, symbol: unit, step: 1000 };
  return prefixed(base * shown.factor, shown.symbol, shown.step);
}

// A share that is not nothing never reads 0 %, and one that is not all never reads 100 %.
function percent(share, decimals = 0) {
  if (share === null || !Number.isFinite(share)) return "–";
  const least = 10 ** -(decimals + 2);
  if (share > 0 && share < least) return "<" + SPACE + (least * 100).toFixed(decimals) + SPACE + "%";
  const shown = share < 1 ? Math.min(share, 1 - least) : share;
  return (shown * 100).toFixed(decimals) + SPACE + "%";
}

// Micro-credits arrive as text, because they may exceed what a number holds exactly.
function micros(text) {
  return Number(text);
}

function credits(microCredits) {
  const value = Number(microCredits) / 1e6;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3) return digits(value * 1e6) + SPACE + "µ";
  if (size < 1e4) return digits(value);
  const power = Math.min(PREFIXES.length - 1, Math.floor(Math.log10(size * 1.0005) / 3));
  return digits(value / 1000 ** power) + SPACE + PREFIXES[power];
}

// Enough decimals that two sums this far apart look different, in micro-credits.
function preciseCredits(microCredits, spread) {
  const value = Number(microCredits) / 1e6;
  const size = Math.abs(value);
  if (size === 0) return "0";
  const power = size < 1e4 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log10(size * 1.0001) / 3));
  const unit = 1000 ** power;
  const decimals = Math.min(5, Math.max(0, Math.ceil(-Math.log10(spread / 1e6 / unit) - 1e-9)));
  return fixed(value / unit, decimals) + (power === 0 ? "" : SPACE + PREFIXES[power]);
}

// Every digit, for those who compare.
function exactCredits(text) {
  const whole = BigInt(text);
  const size = whole < 0n ? -whole : whole;
  const fraction = (size % 1000000n).toString().padStart(6, "0");
  return (whole < 0n ? "−" : "") + (size / 1000000n).toLocaleString("en-US") + "." + fraction;
}

// Prices come per 10^6 base units and hour; people read them per device, per kilowatt, per GiB.
function price(microCredits, unit) {
  const shown = UNITS[unit];
  if (!shown) return credits(microCredits);
  return credits(microCredits * shown.priceAmount / 1e6);
}

function priceUnit(unit) {
  return UNITS[unit] ? UNITS[unit].priceUnit : "10⁶ " + unit + "·h";
}

function duration(seconds) {
  if (seconds < 1) return digits(seconds * 1000) + SPACE + "ms";
  if (seconds < 120) return digits(seconds) + SPACE + "s";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return minutes + SPACE + "min" + SPACE + Math.round(seconds - minutes * 60) + SPACE + "s";
  return Math.floor(minutes / 60) + SPACE + "h" + SPACE + (minutes % 60) + SPACE + "min";
}

function day(date) {
  return MONTHS[date.getUTCMonth()] + SPACE + date.getUTCDate();
}

function clock(date) {
  return date.toISOString().slice(11, 16);
}

// An interval in UTC; the day is said once where both ends share it.
function interval(startMicros, endMicros) {
  const start = new Date(startMicros / 1000);
  const end = new Date(endMicros / 1000);
  if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime())) return "–";
  const until = day(start) === day(end) ? clock(end) : day(end) + SPACE + clock(end);
  return day(start) + SPACE + clock(start) + " – " + until;
}

function words(name) {
  return name.replaceAll("_", " ");
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// The number alone, in the prefix that a reference amount has, for labels that share a unit.
function amountLike(base, reference, unit) {
  const shown = UNITS[unit] || { factor: 1, step: 1000 };
  if (shown.step === 0) return digits(base * shown.factor);
  let scale = 1;
  while (reference * shown.factor / scale >= shown.step) scale *= shown.step;
  return digits(base * shown.factor / scale);
}

// "316 of 578 kW": the unit is said once where both have it.
function amountOf(used, capacity, unit) {
  const [part, whole] = [amount(used, unit), amount(capacity, unit)];
  const [number, symbol] = part.split(SPACE);
  return (whole.endsWith(SPACE + symbol) ? number : part) + " of " + whole;
}
