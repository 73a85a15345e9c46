"""What an impact comes to, in one sentence made of its figures, and its customers in words."""

from decimal import Decimal
from typing import Any

from governance.change_impact import Impact
from governance.change_impact_limits import limits_told, month_limits
from governance.change_impact_steps import ahead_finding, is_ahead, money, restated_finding, step_finding
from governance.change_impact_tables import LABELS, MORE_DIGITS, SIDES, Shown, figure_of
from governance.metric_figures import sentence
from metrics.engine.retention import ratio4
from metrics.figures import from_cents
from metrics.selectors.clauses import TITLES
from portal.lib.dates import dated_text, month_text
from portal.lib.money import money_text, percent_text


def finding(shown: Shown) -> str:
    """The impact in one sentence: what ARR does at the newest month end, or in the month in which it differs most; of a change
    that has no month yet, and of one that moves none, what its first month begins with.
    """
    impact = shown.impact
    if impact.book is None:
        return metric_finding(shown)
    headline, effect = impact.content["headline"], impact.effect
    if headline["month"] is None or effect is None:
        return f"It cannot be compared: {headline['reason'] or impact.book['reason']}"
    if impact.moves and is_ahead(shown):
        return ahead_finding(shown)
    return f"{own_finding(shown, effect)}{restated_finding(shown)}"


def own_finding(shown: Shown, effect: tuple[int, int]) -> str:
    """What the request itself does to ARR at the newest month end, or in the month in which it differs most."""
    impact, headline = shown.impact, shown.impact.content["headline"]
    moved, month = headline["after"] - headline["before"], month_text(headline["month"], shown.locale)
    old, new = shown.bases
    if moved:
        share = ratio4(moved, headline["before"])
        part = f" ({percent_text(abs(share), shown.locale)})" if share is not None else ""
        count = headline["customers"]
        who = "1 customer" if count == 1 else f"{count} customers"
        by = f"by {money(shown, abs(moved))}{part}, from {who}"
        if old != new:
            return f"{new} at {month} is {'above' if moved > 0 else 'below'} {old} {by}"
        return f"ARR at {month} {'rises' if moved > 0 else 'falls'} {by}"
    if effect[1]:
        most = f"most in {month_text(effect[0], shown.locale)}, by {money(shown, abs(effect[1]))}"
        if old != new:
            return f"{new} at {month} is what {old} is; they differ {most}"
        return f"ARR at {month} stays what it is; it differs {most}"
    return step_finding(shown) or quiet_finding(impact)


def recognition_told(shown: Shown) -> str:
    """What is compared with what, where the request takes another recognition; empty where it does not."""
    if shown.impact.bases is None:
        return ""
    old, new = shown.bases
    told = f"Before is {old}, after is {new}: two books of the same contracts, which are both kept and closed side by side."
    if shown.impact.takes_another_book:
        rest = "Pages show the other one first then; no month of either changes by that"
        return f"{told} {rest}{taken_up_besides(shown)}"
    return (
        f"{told} Pages show the other one first then. What else changes moves each book on its own, and restates it where that "
        f"is asked for: the figures below hold {old} as it is against {new} with all that is asked for."
    )


def taken_up_besides(shown: Shown) -> str:
    """What is restated though another recognition moves no book: the end of a sentence, with one of its own where there is."""
    months = months_restated(shown.impact)
    if not months:
        return ", and none is restated."
    count = "1 closed month is" if len(months) == 1 else f"{len(months)} closed months are"
    first, last = (month_text(month, shown.locale) for month in (min(months), max(months)))
    which = first if len(months) == 1 else f"{first} to {last}"
    return (
        f". {count} restated for other reasons, {which}: contracts were corrected since, or an earlier change of the policy "
        "left them alone. Each book is held against itself."
    )


def months_restated(impact: Impact) -> list[int]:
    """The closed months that the request would restate."""
    return [row["month"] for row in impact.content["closed"]["months"] if is_restated(impact, row)]


def quiet_finding(impact: Impact) -> str:
    """What there is to say where ARR is the same in every month that it changes."""
    if not impact.moves:
        return "Nothing moves: on these contracts both rules give the same figures"
    count = impact.content["customers"]["count"]
    if count:
        who = "1 customer’s movements are" if count == 1 else f"the movements of {count} customers are"
        where = "every month that it changes" if impact.leaves_months else "every month"
        return f"ARR stays what it is in {where}; {who} told otherwise"
    if not impact.moves_in(impact.changed_months):
        return "Nothing moves in the months that it changes; those before, which it leaves as they are, would"
    return "ARR and its movements stay what they are; retention differs"


def effect_told(content: dict[str, Any], fiscal_year_start: int, locale: str) -> str:
    """What a change of a metric or of its thresholds comes to, of a kept impact; empty for one of the policy, whose effect on
    ARR is said, and where no metric is told.
    """
    impact = Impact(content)
    if impact.book is not None or not impact.content["metrics"]:
        return ""
    shown = Shown(impact, "month", fiscal_year_start, locale)
    return " ".join([f"{finding(shown)}.", *limits_told(shown)])


def metric_finding(shown: Shown) -> str:
    """What a changed metric comes to in the newest month in which it has a figure."""
    told = [each for each in shown.impact.content["metrics"] if each["role"] == "changed"]
    if not told:
        return "No figure moves"
    (metric, *_) = told
    if not metric["points"]:
        return f"{metric['name']} has no figures yet"
    if "level_after" in metric["points"][-1]:
        rings = sum(point["level_after"] != "" for point in metric["points"])
        was = sum(point["level_before"] != "" for point in metric["points"])
        of = f"of {len(metric['points'])} months"
        if rings == was:
            return f"{metric['name']} would ring in {rings or 'none'} {of}, as it does now"
        return f"{metric['name']} would ring in {rings} {of} instead of {was}"
    point = next((each for each in reversed(metric["points"]) if each["before"] != each["after"]), metric["points"][-1])
    month = month_text(point["month"], shown.locale)
    before, after = pair_of(shown, metric, point)
    if "ends_on" in metric:
        return retired_finding(shown, metric, month, before, after)
    if point["before"] == point["after"]:
        return f"{metric['name']} stays what it is in every month" if not metric["moved"] else f"{metric['name']} moves"
    if after is None:
        return f"{metric['name']} has no value at {month}: {dated_text(point['why_after'], shown.locale)}"
    instead = f"instead of {before}" if before is not None else "and has no value now"
    return f"{metric['name']} at {month} is {after} {instead}"


def retired_finding(shown: Shown, metric: dict[str, Any], month: str, before: str | None, after: str | None) -> str:
    """What a metric that goes says, until when it is shown, and what its successor says in its place."""
    if "successor" not in metric:
        return f"{metric['name']} stays what it is until {dated_text(metric['ends_on'], shown.locale)}; nothing replaces it"
    said = f"{metric['name']} is {before or 'without a value'} at {month}"
    return f"{said}; {metric['successor']['name']}, which replaces it, is {after or 'without one'}"


def pair_of(shown: Shown, metric: dict[str, Any], point: dict[str, Any]) -> tuple[str | None, str | None]:
    """A month of a metric before and after: each in its unit, for what replaces a metric has its own.

    None where there is no value. More digits are told where the usual ones of two values that differ read the same.
    """
    units = metric["unit"], metric.get("successor", metric)["unit"]
    values = [None if point[side] is None else Decimal(point[side]) for side in SIDES]
    texts: list[str | None] = [None, None]
    for more in range(MORE_DIGITS + 1):
        texts = [figure_of(shown, unit, value, more) for unit, value in zip(units, values, strict=True)]
        if texts[0] != texts[1] or values[0] == values[1]:
            break
    return texts[0], texts[1]


def metric_rows(shown: Shown) -> list[dict[str, Any]]:
    """The metrics: the request's own and those that move first, each at the newest month in which it differs."""
    rows = []
    for metric in shown.impact.content["metrics"]:
        if not metric["points"]:
            continue
        points = metric["points"]
        differing = (each for each in reversed(points) if metric["moved"] and each["before"] != each["after"])
        point = next(differing, points[-1])
        rows.append({
            "key": metric["key"], "name": metric["name"], "role": metric["role"], "moved": metric["moved"],
            **point_told(shown, metric, point), "successor": metric.get("successor", {}).get("name", ""),
            "months": sum(each["before"] != each["after"] for each in points),
            "is_known": any(each[side] is not None for each in points for side in SIDES),
            "points": [point_told(shown, metric, each) for each in reversed(points)] if len(points) > 1 else [],
        })  # fmt: skip
    return sorted(rows, key=lambda row: (row["role"] != "changed", not row["moved"]))


def point_told(shown: Shown, metric: dict[str, Any], point: dict[str, Any]) -> dict[str, Any]:
    """One month of a metric."""
    before, after = pair_of(shown, metric, point)
    made = {
        "month": month_text(point["month"], shown.locale), "differs": point["before"] != point["after"],
        "before": before, "after": after,
        "why_before": why_told(shown, point["why_before"]), "why_after": why_told(shown, point["why_after"]),
    }  # fmt: skip
    if "level_after" in point:
        words = {"": "fine", "warn": "worth a look", "alert": "alert"}
        made |= {"levels": (words[point["level_before"]], words[point["level_after"]]),
                 "limits": month_limits(shown, metric["unit"], point),
                 "differs": point["level_before"] != point["level_after"]}  # fmt: skip
    return made


def why_told(shown: Shown, reason: str) -> str:
    """Why there is no value, as a sentence with months as people read them."""
    return str(dated_text(sentence(reason), shown.locale))


def customer_rows(shown: Shown, rows: list[dict[str, Any]], *, at_end: bool) -> list[dict[str, Any]]:
    """The customers that move most, each with its clause and lines; figures of the end, or of the largest change."""
    return [customer_told(shown, row, at_end=at_end) for row in rows]


def customer_told(shown: Shown, row: dict[str, Any], *, at_end: bool) -> dict[str, Any]:
    """One customer; where ARR is the same in every month, by its newest movement that is told otherwise."""
    month = row["shown"] if at_end or row["month"] is None else row["month"]
    turned = row["told"] if not at_end and row["month"] is None else ()
    if turned:
        month = turned[0]["month"]  # the newest comes first
    before, after = (row["end_before"], row["end_after"]) if at_end else (row["month_before"], row["month_after"])
    return {
        "customer": row["customer"], "name": row["name"], "month": month_text(month, shown.locale), "ordinal": month,
        "before": from_cents(before), "after": from_cents(after), "change": from_cents(after - before),
        "clauses": [TITLES.get(name, name) for name in row["parameters"]],
        "lines": [line_told(shown, line) for line in row["lines"]], "more_lines": row["line_count"] - len(row["lines"]),
        "turned": {side: movements_told(turned, month, side) for side in SIDES} if turned else None,
        "told": [
            {"month": month_text(move["month"], shown.locale), "kind": LABELS[move["kind"]],
             "before": from_cents(move["before"]), "after": from_cents(move["after"])}
            for move in row["told"]
        ],
        "more_told": row["told_count"] - len(row["told"]),
    }  # fmt: skip


def movements_told(told: list[dict[str, Any]], month: int, side: str) -> list[dict[str, Any]]:
    """The movements of one month as one side tells them, without those that it does not have."""
    return [
        {"kind": LABELS[move["kind"]], "amount": from_cents(move[side])}
        for move in told
        if move["month"] == month and move[side]
    ]


def window_title(shown: Shown) -> str:
    """In which months the customers of the second list move: those that the request changes, or of earlier previews all."""
    months, window = shown.impact.content["customers"].get("months"), shown.impact.months
    if months is None or months[0] == window.start:
        return "Most in any month"
    first, since = month_text(months[0], shown.locale), shown.impact.content["from_month"]
    if since is not None and since > months[-1]:
        return f"Most from {first} on, had it held then"
    return f"Most from {first} on"


def line_told(shown: Shown, line: dict[str, Any]) -> dict[str, Any]:
    """One contract line under both rules."""
    term = dated_text(line["starts_on"], shown.locale)
    term += f" to {dated_text(line['ends_on'], shown.locale)}" if line["ends_on"] else ""
    product = f" ({line['product']})" if line["product"] else ""
    told = f"{product}, {term}: before {side_told(shown, line['before'])}; after {side_told(shown, line['after'])}."
    return {"head": f"{line['contract_id']}, line {line['line_id']}", "told": told}


def side_told(shown: Shown, side: dict[str, Any]) -> str:
    """What one rule makes of a line, as a part of a sentence."""
    text = money_text(from_cents(side["cents"]), shown.currency, shown.locale)
    if side["counts_from"]:
        text += f", counting from {dated_text(side['counts_from'], shown.locale)}"
        text += f" until {dated_text(side['counts_until'], shown.locale)}" if side["counts_until"] else ""
    return f"{text} ({side['rule']})"


def closed_told(shown: Shown) -> dict[str, Any]:
    """The closed months that the request tells otherwise, what differs of them already, and the step at the month of effect."""
    closed = shown.impact.content["closed"]
    rows = [
        {
            "month": month_text(row["month"], shown.locale), "ordinal": row["month"],
            "reason": dated_text(row["reason"], shown.locale), "reported": from_cents(row["reported"]),
            "now": amount(row["now"]), "restated": amount(row["restated"]),
            "change": difference(row["now"], row["restated"]), "apart": difference(row["reported"], row["now"]),
            "whole": difference(row["reported"], row["restated"]),
            "figures": figure_names({*row.get("differs", ())} | {each["name"] for each in row["figures"]}),
            "is_restated": is_restated(shown.impact, row),
        }
        for row in closed["months"]
    ]  # fmt: skip
    is_restating = shown.impact.content["is_restating"]
    restated = sum(row["is_restated"] for row in rows)
    return {
        "count": closed["count"], "rows": rows[::-1], "step": step_told(shown),
        "is_restating": is_restating and not shown.impact.takes_another_book, "restated": restated,
        "moved": sum(bool(row["figures"] or row["reason"]) for row in closed["months"]),
        "bases": shown.bases if shown.impact.bases else None,
        "apart": apart_told(shown) if is_restating else "",
    }  # fmt: skip


def kept_told(shown: Shown) -> str:
    """Of which closed months the kept values of metrics are restated, as a sentence; empty where the months do not say."""
    impact = shown.impact
    months = months_restated(impact)
    if not months:
        is_all = impact.book is None or not impact.content["is_restating"]
        return "No value that a metric kept for a closed month moves by it." if is_all else ""
    first, last = (month_text(month, shown.locale) for month in (min(months), max(months)))
    which = f"for {first} are" if len(months) == 1 else f"for {len(months)} closed months from {first} to {last} are"
    return (
        f"The values that metrics kept {which} restated, and so are those of later closed months that read them. What was "
        "reported first stays beside; nothing else that was kept moves."
    )


def difference(before: int | None, after: int | None) -> Decimal | None:
    """After less before, as an amount; None where one of them is not known."""
    return None if before is None or after is None else from_cents(after - before)


def apart_told(shown: Shown) -> str:
    """What a restatement takes up besides the request, as a sentence; empty where that is nothing."""
    apart = shown.impact.content["closed"].get("apart")
    if apart is None:
        return ""
    what = "1 closed month differs" if apart["count"] == 1 else f"{apart['count']} closed months differ"
    most = (
        f", most in {month_text(apart['month'], shown.locale)}, by {money(shown, apart['amount'])}"
        if apart["amount"]
        else ""
    )
    return (
        f"Apart from this request, {what} from what was reported already{most}: contracts were corrected since, or an earlier "
        "change of the policy left closed months alone. A restatement takes that up as well."
    )


def figure_names(names: set[str]) -> list[str]:
    """The figures of these names as people call them, in their order."""
    told = [label for name, label in LABELS.items() if name in names]
    told += ["NRR"] if names & {"base_cents", "now_cents"} else []
    return told + (["GRR"] if names & {"base_cents", "kept_cents"} else [])


def window_finding(shown: Shown) -> str:
    """In how many months ARR differs, and in which most, as if the change had always held."""
    impact, widest = shown.impact, shown.impact.widest
    if widest is None:
        return "ARR before and after"
    differing = sum(bool(impact.change("ending", month)) for month in impact.months)
    if not differing:
        return "ARR is the same before and after in every month"
    most = f"most in {month_text(widest[0], shown.locale)}, by {money(shown, widest[1])}"
    found = f"in {differing} of {len(impact.months)} months, {most}"
    if impact.leaves_months:
        is_other = impact.size is None or widest != (impact.size.month, impact.size.cents)
        apart = "; the decision rights go by the months that it changes, and by the step" if is_other else ""
        return f"Had it always held, ARR would differ {found}{apart}"
    return f"ARR differs {found}"


def is_restated(impact: Impact, row: dict[str, Any]) -> bool:
    """Whether the request would restate a closed month; results of an earlier shape do not say it of each."""
    if "is_restated" in row:
        return bool(row["is_restated"])
    since = impact.content["from_month"]
    restates = bool(impact.content["is_restating"]) and not impact.takes_another_book
    return restates and since is not None and row["month"] >= since


def amount(cents: int | None) -> Decimal | None:
    """Cents as an amount, or none."""
    return None if cents is None else from_cents(cents)


def step_told(shown: Shown) -> str:
    """The step where the change takes effect, as a sentence."""
    step = shown.impact.adjustment
    if step is None:
        return "It does not say yet from which month it holds."
    month, at = month_text(step["month"], shown.locale), month_text(step["at"], shown.locale)
    if shown.impact.takes_another_book:
        if months_restated(shown.impact):
            return (
                f"The other recognition makes no step at {month}; what is restated for other reasons may, in each book."
            )
        return f"Nothing steps at {month}: each book goes on as it was reported."
    if shown.impact.bases is not None:
        return f"By how much each book steps at {month} is told by a request that leaves the recognition as it is."
    if step["amount"] is None:
        return f"What would step at {month} cannot be said: {step['reason']}"
    known = "was reported for" if step["is_closed"] else "is what the contracts say now of"
    if step["amount"] == 0:
        return f"{month} begins with what {at} ends with: nothing steps."
    restated, reported, by = (money(shown, step[name]) for name in ("restated", "reported", "amount"))
    own = difference(step.get("now"), step["restated"])
    part = (
        ""
        if own in (None, from_cents(step["amount"]))
        else f", of which this request makes {money(shown, step['restated'] - step['now'])}"
    )
    return f"{month} begins with {restated}, where {reported} {known} {at}: a prior-period adjustment of {by}{part}."
