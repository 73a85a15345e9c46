// What a phone folds is open where there is room, and every fold on paper. Without a script it is folded, and opens by hand.
const roomy = matchMedia("(min-width: 48rem)");

function open(part, which) {
  for (const fold of part.querySelectorAll(which)) fold.open = true;
}

if (roomy.matches) open(document, "details[data-fold]");
document.addEventListener("htmx:load", (event) => roomy.matches && open(event.target, "details[data-fold]"));
addEventListener("beforeprint", () => open(document, "details.fold"));
