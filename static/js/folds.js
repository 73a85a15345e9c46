// What a phone folds is open where there is room, and on paper. Without a script it is folded everywhere, and opens by hand.
const roomy = matchMedia("(min-width: 48rem)");

function open(part) {
  for (const fold of part.querySelectorAll("details[data-fold]")) fold.open = true;
}

if (roomy.matches) open(document);
document.addEventListener("htmx:load", (event) => roomy.matches && open(event.target));
addEventListener("beforeprint", () => open(document));
