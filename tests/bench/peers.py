"""What Tieout is measured against: the usual ways to get a bridge by month and segment, on much simpler work.

The peers know one currency, no renewals, no grace, no policy: they are given already the value of each line. `EVENTS` is the
fast way (DuckDB's dialect), `SPINE` the usual one: a row for each customer and month, as in dbt's public MRR playbook
(PostgreSQL's dialect). `docs/benchmarks.md` says what they leave out.
"""

from typing import Any

LIMIT = "SELECT segment, date_trunc('month', starts_on), sum(value), max(ends_on), min(customer_id) FROM simple GROUP BY ALL"

EVENTS = """
WITH events AS (
    SELECT customer_id, segment, date_trunc('month', starts_on) AS month, value FROM simple
    UNION ALL
    SELECT customer_id, segment, date_trunc('month', ends_on), -value FROM simple
), deltas AS (
    SELECT customer_id, any_value(segment) AS segment, month, sum(value) AS delta FROM events GROUP BY customer_id, month
), running AS (
    SELECT *, sum(delta) OVER (PARTITION BY customer_id ORDER BY month) AS now,
        row_number() OVER (PARTITION BY customer_id ORDER BY month) AS step FROM deltas
), moves AS (
    SELECT segment, month, delta, CASE
        WHEN now = delta AND step = 1 THEN 'new' WHEN now = delta THEN 'reactivation' WHEN now = 0 THEN 'churn'
        WHEN delta > 0 THEN 'expansion' ELSE 'contraction' END AS kind
    FROM running WHERE delta <> 0
)
SELECT month, segment, kind, sum(delta) FROM moves GROUP BY ALL
"""

SPINE = """
WITH months AS (
    SELECT generate_series(DATE '2021-01-01', DATE '2025-12-01', INTERVAL '1 month')::date AS month
), periods AS (
    SELECT customer_id, segment, value,
        date_trunc('month', starts_on)::date AS first, date_trunc('month', ends_on)::date AS after
    FROM bench_simple
), customers AS (
    SELECT customer_id, max(segment) AS segment, min(first) AS first, max(after) AS last FROM periods GROUP BY customer_id
), customer_months AS (
    SELECT c.customer_id, c.segment, m.month FROM customers c JOIN months m ON c.first <= m.month AND m.month <= c.last
), spine AS (
    SELECT c.customer_id, c.segment, c.month, coalesce(sum(p.value), 0) AS now
    FROM customer_months c
    LEFT JOIN periods p ON p.customer_id = c.customer_id AND p.first <= c.month AND c.month < p.after
    GROUP BY c.customer_id, c.segment, c.month
), moves AS (
    SELECT segment, month, now, coalesce(lag(now) OVER own, 0) AS before,
        coalesce(max(now) OVER (own ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS most
    FROM spine WINDOW own AS (PARTITION BY customer_id ORDER BY month)
)
SELECT month, segment, sum(before) AS beginning,
    sum(now) FILTER (WHERE before = 0 AND most = 0) AS new,
    sum(now) FILTER (WHERE before = 0 AND most > 0) AS reactivation,
    sum(now - before) FILTER (WHERE before > 0 AND now > before) AS expansion,
    sum(now - before) FILTER (WHERE now > 0 AND now < before) AS contraction,
    sum(-before) FILTER (WHERE now = 0) AS churn, sum(now) AS ending
FROM moves GROUP BY month, segment
"""


def pandas_spine(table: Any) -> Any:
    """A customer × month table in pandas, the way it is usually done in notebooks."""
    import pandas as pd

    months = pd.date_range("2021-01-31", "2025-12-31", freq="ME")
    state = pd.concat(
        table[(table.starts_on <= day) & (table.ends_on > day)]
        .groupby("customer_id")
        .agg(segment=("segment", "max"), now=("value", "sum"))
        .assign(month=position)
        for position, day in enumerate(months)
    ).reset_index()
    before = state.assign(month=state.month + 1).rename(columns={"now": "before"})
    both = state.merge(before, on=["customer_id", "month"], how="outer", suffixes=("", "_before"))
    both["segment"] = both.segment.fillna(both.segment_before)
    both[["now", "before"]] = both[["now", "before"]].fillna(0)
    both["kind"] = "expansion"
    both.loc[both.now < both.before, "kind"] = "contraction"
    both.loc[both.before == 0, "kind"] = "new"
    both.loc[both.now == 0, "kind"] = "churn"
    both["delta"] = both.now - both.before
    return both.groupby(["month", "segment", "kind"]).delta.sum()
