// The reader of the API's schema is light or dark as the other pages are; it runs before the first paint.
(() => {
  const { theme } = document.currentScript.dataset;
  const device = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => document.documentElement.classList.toggle("dark-mode", theme === "dark" || (theme !== "light" && device.matches));
  apply();
  device.addEventListener("change", apply);
})();
