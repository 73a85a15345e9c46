"""Numbers computed now, from the lines in the database: what the command line shows and every stored book must equal.

`live_book(client, first, last, …) -> Book` · `live_input(client, recognition) -> EngineInput`
"""

from metrics import repository
from metrics.computation import EngineInput, book_split
from metrics.engine.book import Book
from metrics.engine.lines import DIMENSIONS
from metrics.line_columns import lines_of
from metrics.selectors.policies import policy_before_closes, policy_in_force
from portal.tenancy.models import Client


def live_input(client: Client, recognition: str | None = None) -> EngineInput:
    """The client's lines, rates and policies; `recognition` replaces the policy's own."""
    lines = lines_of(repository.authoritative_source())
    policy = policy_in_force(client)
    rates = repository.rates_frame(client, lines["currency"].unique())
    return EngineInput.of(lines, rates, policy, earlier=policy_before_closes()).recognised(recognition)


def live_book(
    client: Client,
    first: int,
    last: int,
    *,
    recognition: str | None = None,
    dimensions: tuple[str, ...] = DIMENSIONS,
    with_retention: bool = True,
) -> Book:
    """The book of the months from `first` to `last`, without cohorts. Raises MissingRates."""
    given = live_input(client, recognition)
    return book_split(given, first, last, dimensions, with_retention=with_retention, with_cohorts=False)
