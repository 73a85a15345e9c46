// The drawer over any figure. A link `a.why` works without this file (the server answers ?why=… with the drawer filled);
// with it, the drawer slides in, the address changes, Esc and Back close it, and focus returns to the figure.
const drawer = document.getElementById("drawer");
let pushed = 0;

const asksWhy = (address = location.href) => new URL(address, location.href).searchParams.has("why");

function show({ moving = true } = {}) {
  drawer.toggleAttribute("data-moving", moving);
  const heading = drawer.querySelector("h2");
  if (heading) {
    heading.id ||= "drawer-title";
    drawer.setAttribute("aria-labelledby", heading.id);
  }
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
}

function load(address) {
  return window.htmx.ajax("GET", address, { target: "#drawer", swap: "innerHTML" });
}

function withoutWhy() {
  const address = new URL(location.href);
  address.searchParams.delete("why");
  return address;
}

if (drawer) {
  drawer.setAttribute("data-ready", "");
  if (drawer.firstElementChild) {
    if (drawer.open) drawer.close();
    show({ moving: false });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.why, a[data-drawer]");
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented) return;
    event.preventDefault();
    load(link.href).then(() => {
      if (!drawer.open) return;
      history.pushState({ drawer: true }, "", link.href);
      pushed += 1;
    });
  });

  // The server may answer with the fragment or with the whole page: take the drawer out of the page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== drawer || !/<html/i.test(event.detail.serverResponse)) return;
    const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    const found = page.getElementById("drawer");
    if (found?.firstElementChild) event.detail.serverResponse = found.innerHTML;
    else event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== drawer || !drawer.firstElementChild) return;
    const wasOpen = drawer.open;
    show({ moving: !wasOpen });
    // What had the focus is gone with the content before: begin again at the head of the drawer.
    if (wasOpen) drawer.querySelector("[data-drawer-close]")?.focus();
  });

  drawer.addEventListener("click", (event) => {
    if (event.target.closest("[data-drawer-close]")) {
      event.preventDefault();
      drawer.close();
    }
    if (event.target !== drawer) return;
    const box = drawer.getBoundingClientRect();
    if (event.clientX < box.left) drawer.close();
  });

  drawer.addEventListener("close", () => {
    drawer.replaceChildren();
    drawer.removeAttribute("aria-labelledby");
    if (!asksWhy()) return;
    if (pushed) history.go(-pushed);
    else history.replaceState(null, "", withoutWhy());
    pushed = 0;
  });

  window.addEventListener("popstate", () => {
    if (!asksWhy() && drawer.open) {
      pushed = 0;
      drawer.close();
    } else if (asksWhy()) {
      pushed = Math.max(0, pushed - 1);
      load(location.href);
    }
  });
}
