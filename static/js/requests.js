// What htmx does on every page: a line while it works, focus that survives a swap, and never a silent failure.
const line = document.getElementById("progress-line");
let underWay = 0;

const say = (level, title, text) => document.dispatchEvent(new CustomEvent("notice", { detail: { level, title, text } }));
const isQuiet = (event) => event.detail.elt?.closest?.("[data-quiet]");

function busy(step) {
  underWay = Math.max(0, underWay + step);
  line?.classList.toggle("is-busy", underWay > 0);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isQuiet(event)) return;
  busy(1);
  event.detail.elt.setAttribute?.("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (isQuiet(event)) return;
  busy(-1);
  event.detail.elt.removeAttribute?.("aria-busy");
});

// Focus: an element with an id is found again after the swap; else the swapped region takes it.
let focused = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const active = document.activeElement;
  focused = event.detail.target?.contains(active) && active !== document.body ? active.id || true : null;
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (!focused || document.activeElement !== document.body) return;
  const found = typeof focused === "string" ? document.getElementById(focused) : null;
  const place = found || event.detail.target;
  if (place && document.contains(place)) {
    if (!found && !place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: true });
  }
  focused = null;
});

// Failures: what happened, what is safe, what to do.
const ANSWERS = {
  400: ["The server did not understand that", "Nothing was changed. Reload the page and try again."],
  403: ["You may not do that", "Nothing was changed. Ask an admin of this client for the role that can."],
  404: ["That is no longer here", "It may have been removed, or your access has ended. Reload the page to see what is there now."],
  409: ["Somebody else changed this first", "Your change was not saved. Reload to see theirs, then decide again."],
  413: ["That file is too large", "Nothing was uploaded. Split it, or remove columns that are not needed."],
  503: ["In a moment", "Nothing was changed. Try again soon."],
  429: ["Too many requests", "Nothing was changed. Wait a minute and try again."],
};
const BROKEN = ["Something broke on our side", "Your last saved work is safe; this change may not have been saved. Try again, and if it happens twice, tell us the number"];

document.addEventListener("htmx:responseError", (event) => {
  const { status, getResponseHeader } = event.detail.xhr;
  const number = getResponseHeader.call(event.detail.xhr, "X-Request-Id");
  if (status === 401) {
    location.reload();
    return;
  }
  const [title, text] = ANSWERS[status] || BROKEN;
  const said = event.detail.xhr.getResponseHeader("X-Problem");
  say("error", title, said || (text === BROKEN[1] ? `${text} ${(number || "").slice(0, 8) || "of the time it happened"}.` : text));
});
document.addEventListener("htmx:sendError", () => {
  say("error", "The server could not be reached", "Nothing was changed. Check the connection; the page stays as it is, so you can try again.");
});
document.addEventListener("htmx:timeout", () => {
  say("error", "No answer within a minute", "It may still be running. Reload before you try again, so that nothing is done twice.");
});
document.addEventListener("htmx:swapError", () => {
  say("error", "The answer could not be shown", "Your data is safe. Reload the page to see the result.");
});

// A session that ended answers with the sign-in page: go there instead of putting it into a table.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr?.getResponseHeader("X-Page") === "entrance" || /<body[^>]+data-entrance/.test(event.detail.serverResponse || "")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

// A polling fragment that has failed three times stops asking.
const misses = new WeakMap();
document.addEventListener("htmx:afterRequest", (event) => {
  const poller = event.detail.elt?.closest?.("[data-poll]");
  if (!poller) return;
  const count = event.detail.successful ? 0 : (misses.get(poller) || 0) + 1;
  misses.set(poller, count);
  if (count < 3) return;
  const still = poller.cloneNode(true); // htmx keeps asking as long as the element is on the page
  for (const name of ["hx-get", "hx-trigger", "data-poll"]) still.removeAttribute(name);
  poller.replaceWith(still);
  say("warning", "The progress is no longer shown", "The work itself goes on. Reload the page to see how far it is.");
});
