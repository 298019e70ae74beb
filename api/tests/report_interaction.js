// Uses the report as a person would. Put at the end of a page, it raises an error where a claim does not hold.
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const claim = (words, truth) => {
  if (!truth) throw new Error("does not hold: " + words);
};
const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const type = (target, text) => {
  target.value = text;
  target.dispatchEvent(new Event("input"));
};

const map = one("#cell-map");
const picture = () => map.toDataURL();
const chosen = () => one("#detail h3").textContent;

const first = picture();
all("input[name=kind]").find((radio) => !radio.checked).click();
const second = picture();
claim("another resource gives other colors", second !== first);
all("input[name=measure]")[1].click();
claim("headroom gives other colors", picture() !== second);
claim("the legend names headroom", one(".legend-name").textContent.includes("headroom"));

press(map, "Home");
press(map, "ArrowRight");
const right = chosen();
press(map, "ArrowDown");
claim("down moves the choice", chosen() !== right);
press(map, "ArrowUp");
claim("up undoes down", chosen() === right);

const place = one("#zone-map").getBoundingClientRect();
const spot = { clientX: place.left + 12, clientY: place.top + 36, bubbles: true };
one("#zone-map").dispatchEvent(new PointerEvent("pointermove", spot));
claim("a square under the pointer is described", !one("#tooltip").hidden && one("#tooltip").textContent.includes("feed"));
one("#zone-map").dispatchEvent(new PointerEvent("pointerleave"));
claim("the description goes with the pointer", one("#tooltip").hidden);
one("#zone-map").dispatchEvent(new MouseEvent("click", spot));
claim("a click shows a zone in detail", one("#detail .eyebrow").textContent === "Zone");

const topJob = () => one("#unplaced-table tbody tr").textContent;
const jobs = () => one("#unplaced-table .pager-count").textContent;
const dearest = topJob();
all("#unplaced .page-button").find((button) => button.textContent === "Next").click();
claim("the second page begins after the first", topJob() !== dearest && jobs().startsWith("21–"));
all("#unplaced .sort").find((button) => button.textContent === "Job").click();
claim("sorting says so", one("#unplaced th[aria-sort]").getAttribute("aria-sort") === "ascending");
claim("sorting goes back to the first page", jobs().startsWith("1–"));
claim("sorting keeps the focus", document.activeElement.textContent.startsWith("Job"));
const whole = jobs();
one("#reason-chips .chip").focus();
one("#reason-chips .chip").click();
claim("a reason filters", jobs() !== whole && one("#reason-chips .chip[aria-pressed=true]") !== null);
claim("a filter keeps the focus", document.activeElement.classList.contains("chip"));
type(one("#unplaced input[type=search]"), "no job is called this");
claim("a search without a match says so", one("#unplaced .empty") !== null);
type(one("#prices input[type=search]"), "LOOP-7");
claim("accounts are found in any case", one("#price-table .pager-count").textContent === "1–1 of 1");

const curve = one("#chart").innerHTML;
all("input[name=time]")[1].click();
claim("linear time draws another curve", one("#chart").innerHTML !== curve);
all("input[name=range]")[1].click();
claim("no curve has a point outside numbers", !one("#chart").innerHTML.includes("NaN"));
claim("nothing is wider than the window", document.documentElement.scrollWidth <= innerWidth);

claim("every wave has its bar", all("#wave-chart svg > g").length === 14);
claim("a bar says what its wave does", one("#wave-chart g title").textContent.startsWith("Wave 1: "));
claim("moves held back are paged", one("#held-table .pager-count").textContent === "1–15 of 40");
type(one("#held-part input[type=search]"), "INDEX-004");
claim("a move is found by whom it waits for", one("#held-table .pager-count").textContent === "1–1 of 1");
