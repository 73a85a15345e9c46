"""The formula language of metrics: pure, exact, bounded. Text in, units and values out; nothing is ever executed.

`parse.formula_parse(text) -> Node` · `check.unit_of(node, terms) -> Unit` · `check.formulas_check(formulas, terms) -> dict` ·
`evaluate.Evaluator(formula_at, measure_at, labels).value(name, month) -> Fraction | Missing` · `words.parts_of(node, labels)`

    formula   sums and products of values: + - * / (also − × ÷), brackets, a leading minus
    value     a name of a measure or metric · 12 · 2.5 · 30% · 12 months · 30 days
    function  abs(x) · min(x, y, …) · max(x, y, …) · previous(x) · last_quarter(x) · last_year(x) · mean(m) · median(m)

`previous` is the month before, `last_quarter` the month three and `last_year` twelve months before. `mean` and `median` take a
measure that has a value for each deal, and nothing else does. There is no power, no comparison, no choice, and nothing that
hides a missing value: a formula whose part is missing, or whose divisor is 0, has no value and says why.
"""
