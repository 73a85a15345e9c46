// Menus, messages, copy buttons.
const QUIET_AFTER = 8000;

// Menus are <details>: close on Esc, on a click elsewhere, and when focus leaves.
const openMenus = () => document.querySelectorAll("details.menu[open], details.switcher[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target) || event.target.closest("a.menu-item, [data-menu-close]")) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
    event.stopPropagation();
  }
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu, details.switcher");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

// Messages: good news leaves by itself unless it is being read; everything else stays until dismissed.
function settle(notice) {
  if (notice.dataset.settled) return;
  notice.dataset.settled = "yes";
  const level = notice.dataset.notice;
  if (level === "error" || level === "warning") return;
  let timer;
  const wait = () => { timer = setTimeout(() => notice.remove(), QUIET_AFTER); };
  const hold = () => clearTimeout(timer);
  notice.addEventListener("pointerenter", hold);
  notice.addEventListener("focusin", hold);
  notice.addEventListener("pointerleave", wait);
  notice.addEventListener("focusout", wait);
  wait();
}

function showNotice({ level = "info", title = "", text = "" }) {
  const region = document.getElementById("toasts");
  const template = document.getElementById("notice-template");
  if (!region || !template) return;
  const notice = template.content.firstElementChild.cloneNode(true);
  notice.className = `notice notice-${level}`;
  notice.dataset.notice = level;
  const heading = notice.querySelector("[data-notice-title]");
  heading.textContent = title;
  heading.hidden = !title;
  notice.querySelector("[data-notice-text]").textContent = text;
  for (const old of region.querySelectorAll(".notice")) if (old.textContent === notice.textContent) old.remove();
  region.append(notice);
  settle(notice);
}

document.addEventListener("notice", (event) => showNotice(event.detail || {}));
document.addEventListener("click", (event) => {
  event.target.closest?.("[data-notice-close]")?.closest(".notice").remove();
});
const region = document.getElementById("toasts");
if (region) {
  region.querySelectorAll(".notice").forEach(settle);
  new MutationObserver(() => region.querySelectorAll(".notice").forEach(settle)).observe(region, { childList: true });
}

// Copy: the button says that it worked, in place and aloud.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    showNotice({ level: "success", text: `Copied ${text.length > 40 ? "to the clipboard" : text}` });
  } catch {
    showNotice({ level: "warning", title: "Not copied", text: `The browser refused. Select it by hand: ${text}` });
  }
});

// Tips: what a dash or a mark means, on hover and on focus, dismissed by Esc (WCAG 1.4.13).
const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
tip.setAttribute("aria-hidden", "true");
(document.querySelector("dialog[open]") || document.body).append(tip);

function showTip(event) {
  const owner = event.target.closest?.("[data-tip]");
  if (!owner) return;
  (owner.closest("dialog") || document.body).append(tip);
  tip.textContent = owner.dataset.tip;
  tip.hidden = false;
  const box = owner.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left + box.width / 2 - tip.offsetWidth / 2), innerWidth - tip.offsetWidth - 8);
  const above = box.top - tip.offsetHeight - 6;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 4 ? above : box.bottom + 6}px`;
}

const hideTip = () => { tip.hidden = true; };
document.addEventListener("pointerover", showTip);
document.addEventListener("focusin", showTip);
document.addEventListener("pointerout", (event) => {
  if (event.target.closest?.("[data-tip]") && event.relatedTarget !== tip) hideTip();
});
document.addEventListener("focusout", hideTip);
document.addEventListener("scroll", hideTip, true);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

// A passkey that was not used says so.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const stopped = event.detail?.exception?.name === "NotAllowedError";
  const text = stopped ? "It was stopped, or took too long. Try again, or choose another way." : "This browser or device could not use it. Choose another way.";
  showNotice({ level: "warning", title: "The passkey was not used", text });
});

// Tabs that do not fit scroll sideways: the chosen one is in sight.
function showChosenTabs() {
  for (const tab of document.querySelectorAll('.segmented > [aria-current="true"]')) {
    const bar = tab.parentElement;
    if (bar.scrollWidth > bar.clientWidth) bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  }
}
showChosenTabs();
document.addEventListener("htmx:afterSettle", showChosenTabs);
