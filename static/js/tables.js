// Tables: sort in the page where all rows are there, open sub-rows, keyboard access to what scrolls; rows of tabs that go on.
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const sortValue = (row, column) => row.cells[column]?.dataset.sort ?? row.cells[column]?.textContent.trim() ?? "";

function compare(one, other) {
  const [a, b] = [Number(one), Number(other)];
  if (one !== "" && other !== "" && !Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  return collator.compare(one, other);
}

// A row and the sub-rows under it move together.
function families(body) {
  const all = [];
  for (const row of body.rows) {
    if (row.dataset.parent && all.length) all.at(-1).push(row);
    else all.push([row]);
  }
  return all;
}

function sortBy(button) {
  const head = button.closest("th");
  const table = head.closest("table");
  const next = head.getAttribute("aria-sort") === "descending" ? "ascending" : "descending";
  for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", next);
  const way = next === "ascending" ? 1 : -1;
  for (const body of table.tBodies) {
    const sorted = families(body).sort(([one], [other]) => {
      const [a, b] = [sortValue(one, head.cellIndex), sortValue(other, head.cellIndex)];
      if (a === "" || b === "") return (a === "") - (b === ""); // rows without a value stay at the end, either way
      return way * compare(a, b);
    });
    body.append(...sorted.flat());
  }
}

function showChildren(table, id, shown) {
  for (const row of table.querySelectorAll(`tr[data-parent="${CSS.escape(id)}"]`)) {
    row.hidden = !shown;
    if (!shown) {
      const inner = row.querySelector("[data-expand]");
      if (inner) {
        inner.setAttribute("aria-expanded", "false");
        showChildren(table, inner.dataset.expand, false);
      }
    }
  }
}

document.addEventListener("click", (event) => {
  const sorter = event.target.closest?.("[data-sort-button]");
  if (sorter) sortBy(sorter);
  const opener = event.target.closest?.("[data-expand]");
  if (opener) {
    const shown = opener.getAttribute("aria-expanded") !== "true";
    opener.setAttribute("aria-expanded", String(shown));
    showChildren(opener.closest("table"), opener.dataset.expand, shown);
  }
});

// Under the column that stays, others pass: how much of one shows beside it, so that the style can cover a figure that is cut.
const PADDING = 6;
function measureCut(region) {
  const stays = region.querySelector("thead .stays");
  if (!stays) return;
  const [names, ...others] = stays.parentElement.cells;
  const [end, begin] = [stays.getBoundingClientRect().left, names.getBoundingClientRect().right];
  const boxes = others.filter((cell) => cell !== stays).map((cell) => cell.getBoundingClientRect());
  const cut = boxes.find((box) => box.left < end && box.right - PADDING > end);
  region.style.setProperty("--cut", `${cut ? end - Math.max(cut.left, begin) : 0}px`);
  region.style.setProperty("--names", `${names.offsetWidth}px`);
}

// Where a table goes on beyond its right edge, that edge fades; at the end of it nothing does.
function edge(region) {
  region.classList.toggle("has-more", region.scrollLeft + region.clientWidth < region.scrollWidth - 1);
  measureCut(region);
}

// So do both edges of a row of tabs; the one that is open is in sight when the page opens.
const TABS = ".segmented, .tab-scroll";
function edges(tabs) {
  tabs.classList.toggle("has-more", tabs.scrollLeft + tabs.clientWidth < tabs.scrollWidth - 1);
  tabs.classList.toggle("has-before", tabs.scrollLeft > 1);
}
const tabWatcher = new ResizeObserver((entries) => entries.forEach(({ target }) => edges(target)));
function watchTabs(root) {
  for (const tabs of root.querySelectorAll?.(TABS) ?? []) {
    const chosen = tabs.querySelector('[aria-current="true"], :scope > :has(:checked)');
    if (chosen && tabs.scrollWidth > tabs.clientWidth + 1) {
      tabs.scrollLeft += chosen.getBoundingClientRect().left - tabs.getBoundingClientRect().left - (tabs.clientWidth - chosen.offsetWidth) / 2;
    }
    tabWatcher.observe(tabs);
  }
}
document.addEventListener("scroll", ({ target }) => {
  if (target.matches?.(".table-scroll")) edge(target);
  else if (target.matches?.(TABS)) edges(target);
}, { capture: true, passive: true });

// A region that scrolls is reachable by keyboard; one that does not is no extra stop.
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1;
    if (scrolls) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
    target.classList.toggle("is-scrolling", target.scrollWidth > target.clientWidth + 1);
    edge(target);
  }
});

const watch = (root) => root.querySelectorAll?.(".table-scroll").forEach((region) => watcher.observe(region));
watch(document);
watchTabs(document);
document.addEventListener("htmx:load", (event) => {
  const parent = event.target.dataset?.parent; // sub-rows fetched by the button that is open now
  if (parent && document.querySelector(`[data-expand="${CSS.escape(parent)}"][aria-expanded="true"]`)) event.target.hidden = false;
  watch(event.target);
  watchTabs(event.target);
  if (event.target.matches?.(".table-scroll")) watcher.observe(event.target);
});
