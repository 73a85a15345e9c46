// Forms: filters that apply as they change, files that can be dropped, buttons that are pressed once.
const SIZE_UNITS = ["bytes", "kB", "MB", "GB"];

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-autosubmit]") && !event.target.matches("[data-manual]")) form.requestSubmit();
});

// Without htmx a form is sent by the browser: the line on top runs, the button is held and may say what is done (data-busy), and
// what is on its way is not sent again, so that nothing is done twice.
const HELD = 30_000; // ms: an answer that is a file leaves the page as it is
const sent = new Map();
function release(form) {
  sent.get(form)?.();
  sent.delete(form);
}
function hold(form, button) {
  const line = document.getElementById("progress-line");
  const words = button?.textContent;
  button?.setAttribute("aria-busy", "true");
  if (button?.dataset.busy) button.textContent = button.dataset.busy;
  line?.classList.add("is-busy");
  const timer = setTimeout(() => release(form), HELD);
  sent.set(form, () => {
    clearTimeout(timer);
    button?.removeAttribute("aria-busy");
    if (button?.dataset.busy) button.textContent = words;
    line?.classList.remove("is-busy");
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const asking = event.submitter?.matches("[data-confirm]") ? event.submitter : form;
  if (asking.matches("[data-confirm]") && !asking.dataset.confirmed) {
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(asking, form, event.submitter);
    return;
  }
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (sent.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  setTimeout(() => !event.defaultPrevented && hold(form, event.submitter)); // once the form was read, with what the button says
}, true);

window.addEventListener("pageshow", () => [...sent.keys()].forEach(release));

// What a form would keep for ever, one line for each field that is named by data-seal; of a field without a value what that means.
function sealed(form) {
  const fields = [...form.querySelectorAll("[data-seal]")];
  return [...new Set(fields.map((field) => field.name))].map((name) => {
    const group = fields.filter((field) => field.name === name);
    const { seal, sealNone } = group[0].dataset;
    const given = group.filter((field) => field.type !== "checkbox" || field.checked).map((field) => field.value.trim());
    const text = given.filter(Boolean).join(", ");
    return text ? { text: `${seal}: ${text.length > 400 ? `${text.slice(0, 400)}…` : text}` } : { text: sealNone, isMissing: true };
  });
}

// A question before something that cannot be taken back; the button repeats the verb. `asking` is the form or its one button
// that needs it: only such a button tells what its form would keep.
function ask(asking, form, submitter) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog stack";
  dialog.setAttribute("aria-labelledby", "confirm-title");
  const title = Object.assign(document.createElement("h2"), { id: "confirm-title", textContent: asking.dataset.confirm });
  const text = Object.assign(document.createElement("p"), { textContent: asking.dataset.confirmText || "" });
  const actions = Object.assign(document.createElement("div"), { className: "cluster" });
  const yes = Object.assign(document.createElement("button"), { type: "button", textContent: submitter?.textContent.trim() || "Yes" });
  yes.className = submitter?.classList.contains("btn-danger") ? "btn btn-danger" : "btn btn-primary";
  const no = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: "Go back" });
  actions.append(yes, no);
  const lines = asking === form ? [] : sealed(form).map(({ text: line, isMissing }) => {
    const className = isMissing ? "banner banner-warning" : "";
    return Object.assign(document.createElement("p"), { className, textContent: line });
  });
  dialog.append(title, text, ...lines, actions);
  document.body.append(dialog);
  no.addEventListener("click", () => dialog.close());
  yes.addEventListener("click", () => {
    asking.dataset.confirmed = "yes";
    dialog.close();
    form.requestSubmit(submitter || undefined);
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  no.focus();
}

// Drop zones: a styled label around a real file input.
function sizeText(bytes) {
  let size = bytes;
  let step = 0;
  while (size >= 1000 && step < SIZE_UNITS.length - 1) {
    size /= 1000;
    step += 1;
  }
  return `${step ? size.toFixed(1) : size} ${SIZE_UNITS[step]}`;
}

function describe(zone) {
  const input = zone.querySelector("input[type=file]");
  const line = zone.querySelector("[data-drop-chosen]");
  const [file] = input.files;
  const limit = Number(zone.dataset.maxBytes || 0);
  const tooLarge = file && limit && file.size > limit;
  input.setCustomValidity(tooLarge ? `This file is larger than ${sizeText(limit)}.` : "");
  zone.classList.toggle("is-chosen", Boolean(file) && !tooLarge);
  zone.classList.toggle("is-refused", Boolean(tooLarge));
  line.textContent = !file ? "" : tooLarge ? `${file.name} is ${sizeText(file.size)}: larger than ${sizeText(limit)}.` : `${file.name}, ${sizeText(file.size)}`;
}

document.addEventListener("change", (event) => {
  const zone = event.target.closest?.("[data-drop]");
  if (zone) describe(zone);
});
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("is-over", name === "dragenter" || name === "dragover");
    if (name !== "drop" || !event.dataTransfer.files.length) return;
    const input = zone.querySelector("input[type=file]");
    const only = new DataTransfer();
    only.items.add(event.dataTransfer.files[0]);
    input.files = only.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

// A filter of several values says in its button what is chosen.
document.addEventListener("change", (event) => {
  const box = event.target.closest?.("[data-choices]");
  if (!box) return;
  const chosen = [...box.querySelectorAll("input:checked")];
  const [first] = chosen;
  box.querySelector("[data-choices-summary]").textContent = !first ? "All" : chosen.length === 1 ? first.value : `${chosen.length} chosen`;
});
