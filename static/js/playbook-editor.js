// The editor of a playbook: the outline opens and closes, follows the part that is shown, and a conflict is shown where it arose.
const editor = document.getElementById("editor");
const outline = document.getElementById("editor-outline");
const wide = matchMedia("(min-width: 62rem)");
const OPENED = `outline ${editor.dataset.home}`;
const opened = new Set(JSON.parse(sessionStorage.getItem(OPENED) || "[]"));

function setOpen(button, isOpen) {
  const id = button.getAttribute("aria-controls");
  button.setAttribute("aria-expanded", String(isOpen));
  document.getElementById(id).hidden = !isOpen;
  if (isOpen) opened.add(id);
  else opened.delete(id);
  sessionStorage.setItem(OPENED, JSON.stringify([...opened]));
}

const toggleOf = (list) => editor.querySelector(`[aria-controls="${CSS.escape(list.id)}"]`);

// The line of the part that is shown is marked, and everything around it is open.
function follow() {
  const shown = editor.querySelector("[data-pane]")?.dataset.pane;
  const line = editor.querySelector(`[data-branch="${CSS.escape(shown || "1")}"]`);
  editor.querySelectorAll("[data-branch][aria-current]").forEach((each) => each.removeAttribute("aria-current"));
  if (!line) return;
  line.setAttribute("aria-current", "true");
  for (let list = line.closest("ul"); list && list.id !== "outline"; list = list.parentElement.closest("ul")) setOpen(toggleOf(list), true);
  const own = line.closest(".tree-line").querySelector(".tree-toggle");
  if (own) setOpen(own, true);
  if (wide.matches && !editor.querySelector(".part-form:focus-within")) line.scrollIntoView({ block: "nearest" });
}

function restore() {
  for (const button of editor.querySelectorAll(".tree-toggle")) setOpen(button, opened.has(button.getAttribute("aria-controls")));
  follow();
}

editor.addEventListener("click", (event) => {
  const button = event.target.closest(".tree-toggle");
  if (button) setOpen(button, button.getAttribute("aria-expanded") !== "true");
});

// Wide: the outline stands beside the part. Narrow: it closes once a part is chosen.
const fit = () => { outline.open = wide.matches; };
wide.addEventListener("change", fit);
fit();
restore();

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "pane") return;
  restore();
  fit();
  const isPlaced = document.activeElement !== document.body && document.activeElement.closest("#pane");
  const path = event.detail.pathInfo?.requestPath || "";
  if (/\/(add|copy)\/$/.test(path)) {
    const pane = editor.querySelector("[data-pane]");
    const rows = path.includes(`/parts/${pane.dataset.pane}/`) ? pane.querySelectorAll(".part-card.is-row") : [];
    ([...rows].at(-1) || pane.querySelector(".part-card"))?.querySelector(".form-control")?.focus();
  } else if (!isPlaced) {
    document.getElementById("pane").scrollIntoView({ block: wide.matches ? "nearest" : "start" });
  }
});

// A save may mark other lines of the outline; what was open stays open.
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target?.id === "outline") restore();
});

// Two people in one part: the answer holds both texts and is shown in the form, not as a failure.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr?.getResponseHeader("X-Conflict") !== "part") return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// Leaving for another page waits for what is still being saved; what was not saved keeps the reader here.
const unsaved = new Map(); // form -> how often it changed
let leaving = "";

const noted = (event) => {
  const form = event.target.closest?.(".part-form");
  if (form) unsaved.set(form, (unsaved.get(form) || 0) + 1);
};
editor.addEventListener("input", noted);
editor.addEventListener("change", noted);
document.addEventListener("htmx:configRequest", (event) => {
  const form = event.detail.elt;
  if (form.matches?.(".part-form")) form.sentAt = unsaved.get(form);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (!form.matches?.(".part-form")) return;
  if (!event.detail.successful) leaving = "";
  else if (unsaved.get(form) === form.sentAt) unsaved.delete(form);
  if (leaving && !waiting()) location.assign(leaving);
});
const waiting = () => [...unsaved.keys()].some((form) => document.contains(form));

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-after-save]");
  if (!link || event.ctrlKey || event.metaKey) return;
  document.activeElement?.blur();
  if (!waiting()) return;
  event.preventDefault();
  leaving = link.href;
  for (const form of unsaved.keys()) if (document.contains(form)) form.requestSubmit();
});
window.addEventListener("beforeunload", (event) => {
  if (waiting()) event.preventDefault();
});
