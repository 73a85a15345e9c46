// Naming people in a comment: `@` and letters offer those who can read the thread; arrows choose, Enter or Tab takes, Esc leaves.
const MOST = 6;
const BEGUN = /(?:^|[\s(])@([^\s@]{0,30}(?: [^\s@]{1,30})?)$/u;

function peopleOf(field) {
  const found = document.getElementById(field.dataset.mentions);
  if (!found) return [];
  const isInternal = field.form?.elements.is_internal?.checked;
  return JSON.parse(found.textContent).filter((person) => person.firm || !isInternal);
}

function matching(field) {
  const begun = BEGUN.exec(field.value.slice(0, field.selectionStart));
  if (!begun) return { found: [], typed: "" };
  const typed = begun[1].toLocaleLowerCase();
  const words = (person) => [person.name, person.write, ...person.name.split(" ")].map((word) => word.toLocaleLowerCase());
  return { found: peopleOf(field).filter((person) => words(person).some((word) => word.startsWith(typed))).slice(0, MOST), typed: begun[1] };
}

function listOf(field) {
  let list = field.parentElement.querySelector(".mention-list");
  if (!list) {
    list = Object.assign(document.createElement("ul"), { className: "mention-list", id: `${field.id}-people`, hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "People you can name");
    field.after(list);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", list.id);
  }
  return list;
}

function show(field) {
  const list = listOf(field);
  const { found } = matching(field);
  list.replaceChildren(...found.map((person, at) => {
    const entry = Object.assign(document.createElement("li"), { id: `${list.id}-${at}`, textContent: person.name });
    entry.append(Object.assign(document.createElement("span"), { className: "muted small", textContent: ` ${person.role}` }));
    entry.setAttribute("role", "option");
    entry.setAttribute("aria-selected", String(at === 0));
    entry.dataset.write = person.write;
    return entry;
  }));
  list.hidden = found.length === 0;
  mark(field, list, 0);
}

function mark(field, list, at) {
  [...list.children].forEach((entry, position) => entry.setAttribute("aria-selected", String(position === at)));
  const chosen = list.hidden ? null : list.children[at];
  if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
  else field.removeAttribute("aria-activedescendant");
}

function take(field, entry) {
  const until = field.selectionStart;
  const from = until - matching(field).typed.length;
  field.setRangeText(`${entry.dataset.write} `, from, until, "end");
  listOf(field).hidden = true;
  mark(field, listOf(field), -1);
  field.focus();
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-mentions]")) show(event.target);
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-mentions]")) return;
  const list = listOf(event.target);
  if (list.hidden) return;
  const entries = [...list.children];
  const at = entries.findIndex((entry) => entry.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    mark(event.target, list, (at + (event.key === "ArrowDown" ? 1 : entries.length - 1)) % entries.length);
  } else if (event.key === "Enter" || event.key === "Tab") take(event.target, entries[at]);
  else if (event.key === "Escape") {
    list.hidden = true;
    mark(event.target, list, -1);
  } else return;
  event.preventDefault();
});
document.addEventListener("mousedown", (event) => {
  const entry = event.target.closest?.(".mention-list > li");
  if (!entry) return;
  event.preventDefault();
  take(entry.parentElement.previousElementSibling, entry);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("[data-mentions]")) listOf(event.target).hidden = true;
});
