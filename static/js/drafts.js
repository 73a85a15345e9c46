// Words that were begun and not sent stay in this tab when the reader goes back to an earlier question.
document.querySelectorAll("textarea[data-draft]").forEach((field) => {
  const key = `draft ${location.pathname} ${field.dataset.draft}`;
  const kept = sessionStorage.getItem(key);
  if (kept && !field.value) {
    field.value = kept;
    field.closest("details")?.setAttribute("open", "");
  }
  field.addEventListener("input", () => sessionStorage.setItem(key, field.value));
  field.form?.addEventListener("submit", () => sessionStorage.removeItem(key));
});
