// The form of a change: which rules are open goes with it, and a closed month can be chosen only for a restatement.
document.querySelectorAll("details[data-clause]").forEach((clause) => {
  const opened = clause.querySelector("input[name=opened]");
  clause.addEventListener("toggle", () => (opened.disabled = !clause.open));
});

const months = document.querySelector("select[data-closed-to]");
const restates = document.querySelector("input[name=mode][value=restating]");

function offer() {
  for (const month of months.options) {
    month.disabled = month.hidden = !restates.checked && month.value !== "" && month.value <= months.dataset.closedTo;
  }
  for (const group of months.querySelectorAll("optgroup")) {
    group.hidden = [...group.children].every((month) => month.hidden);
  }
  if (months.selectedOptions[0]?.disabled) months.value = "";
}

if (months && restates) {
  document.querySelectorAll("input[name=mode]").forEach((mode) => mode.addEventListener("change", offer));
  offer();
}
