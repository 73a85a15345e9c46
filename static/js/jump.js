// Search and jump: "/" or Ctrl-K opens a list of destinations; typing narrows it and asks the client's numbers for more,
// Enter goes.
const dialog = document.getElementById("jump");
const source = document.getElementById("jump-data");
const SHOWN = 12;
const PAUSE = 200; // milliseconds without a key before the server is asked

function rank(label, words) {
  const text = label.toLowerCase();
  let score = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return -1;
    score += at === 0 ? 3 : text[at - 1] === " " ? 2 : 1;
  }
  return score;
}

if (dialog && source) {
  const places = JSON.parse(source.textContent);
  const input = document.getElementById("jump-input");
  const list = document.getElementById("jump-list");
  const none = document.getElementById("jump-none");
  let chosen = 0;
  let found = [];
  let fetched = [];
  let asking = null;
  let waiting = 0;

  function choose(index) {
    chosen = Math.max(0, Math.min(index, found.length - 1));
    [...list.children].forEach((option, position) => {
      option.setAttribute("aria-selected", String(position === chosen));
      if (position === chosen) option.scrollIntoView({ block: "nearest" });
    });
    if (found.length) input.setAttribute("aria-activedescendant", `jump-${chosen}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function option(place, position) {
    const item = document.createElement("li");
    item.className = "jump-option";
    item.id = `jump-${position}`;
    item.setAttribute("role", "option");
    item.append(Object.assign(document.createElement("span"), { textContent: place.label }));
    if (place.group) item.append(Object.assign(document.createElement("span"), { textContent: place.group }));
    item.addEventListener("click", () => location.assign(place.url));
    item.addEventListener("pointermove", () => choose(position));
    return item;
  }

  function narrow() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = places
      .map((place) => ({ place, score: rank(`${place.label} ${place.group || ""}`, words) }))
      .filter(({ score }) => score >= 0)
      .sort((one, other) => other.score - one.score)
      .slice(0, SHOWN)
      .map(({ place }) => place)
      .concat(fetched);
    list.replaceChildren(...found.map(option));
    none.hidden = found.length > 0 || waiting > 0;
    choose(0);
  }

  async function ask(text) {
    asking = new AbortController();
    try {
      const answer = await fetch(`${dialog.dataset.more}?q=${encodeURIComponent(text)}`, { signal: asking.signal });
      fetched = answer.ok ? (await answer.json()).places : [];
    } catch (error) {
      if (error.name === "AbortError") return; // a newer question took its place
    }
    waiting = 0;
    narrow();
  }

  function typed() {
    asking?.abort();
    clearTimeout(waiting);
    fetched = [];
    const text = input.value.trim();
    waiting = dialog.dataset.more && text.length > 1 ? setTimeout(ask, PAUSE, text) : 0;
    narrow();
  }

  function open() {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    input.value = "";
    dialog.showModal();
    typed();
    input.focus();
  }

  input.addEventListener("input", typed);
  input.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (steps[event.key]) {
      event.preventDefault();
      choose(chosen + steps[event.key]);
    }
    if (event.key === "Enter" && found[chosen]) location.assign(found[chosen].url);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  document.addEventListener("click", (event) => { if (event.target.closest?.("[data-jump-open]")) open(); });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const combination = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (combination || (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey)) {
      event.preventDefault();
      open();
    }
  });
}
