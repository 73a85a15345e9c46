// Runs before the first paint: light or dark, from the reader's choice or the device, and the client's accent.
(() => {
  const root = document.documentElement;
  const device = window.matchMedia("(prefers-color-scheme: dark)");

  function apply() {
    const choice = root.dataset.theme;
    const theme = choice === "light" || choice === "dark" ? choice : device.matches ? "dark" : "light";
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("theme:change", { detail: theme }));
  }

  function keep(name, value) {
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${secure}`;
  }

  function showChoice() {
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === root.dataset.theme));
    }
  }

  if (/^#[0-9a-f]{6}$/i.test(root.dataset.accent || "")) root.style.setProperty("--client", root.dataset.accent);
  apply();
  device.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", showChoice);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-set]");
    if (button) {
      root.dataset.theme = button.dataset.themeSet;
      keep("theme", button.dataset.themeSet);
      apply();
      showChoice();
    }
    if (event.target.closest?.("[data-rail-toggle]")) {
      root.dataset.rail = root.dataset.rail === "slim" ? "wide" : "slim";
      keep("rail", root.dataset.rail);
    }
  });
})();
