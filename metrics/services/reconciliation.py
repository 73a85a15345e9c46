"""What people decide about reconciliation; every change is audited.

- `reconciliation_setting_update(client=, tolerance=, red_flag=, base=, other=) -> ReconciliationSetting`
- `account_map(client=, source=, customer_id=, account_id=, user=) -> AccountMapping` · `account_unmap(client=, mapping=)`
- `account_explain(client=, base=, other=, month=, account_id=, difference=, text=, user=) -> AccountExplanation`
- `difference_explain(client=, found=, account=, shown=, text=, user=) -> AccountExplanation` — as it was shown
- `account_explanation_withdraw(client=, explanation=)`
"""

from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError, transaction

from metrics.models import AccountExplanation, AccountMapping, ReconciliationSetting, Source
from metrics.selectors.reconciliation_figures import Reconciliation
from portal.lib.periods import month_format
from portal.tenancy import audit
from portal.tenancy.models import Client

LONGEST_ID: Final = 200
LONGEST_TEXT: Final = 2000
LARGEST: Final = Decimal("1")


class ReconciliationProblem(ValueError):
    """The request cannot be carried out; the message says why and what to do. Nothing was changed."""


class ReconciliationOutdated(ReconciliationProblem):
    """What somebody was shown has changed since."""


def store(row: ReconciliationSetting | AccountMapping | AccountExplanation) -> None:
    """Write a row. Raises ReconciliationProblem where somebody else wrote the same at the same moment."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ReconciliationProblem("Somebody else decided this at the same moment: look at it first.") from error


def reconciliation_setting_update(
    *, client: Client, tolerance: Decimal, red_flag: Decimal, base: Source | None = None, other: Source | None = None
) -> ReconciliationSetting:
    """Decide how closely which two sources have to agree (ratios: 0.02 is 2 %); None: the source is chosen by its kind.

    Raises ReconciliationProblem: ratios outside 0 to 1 or in the wrong order, finer than 0.01 %, or one source twice.
    """
    require_ratios(tolerance, red_flag)
    if base is not None and base == other:
        raise ReconciliationProblem("A source cannot be reconciled with itself: choose two.")
    found = ReconciliationSetting.objects.select_for_update().first()
    before = told(found) if found else None
    setting = found or ReconciliationSetting(client=client)
    setting.tolerance, setting.red_flag, setting.base, setting.other = tolerance, red_flag, base, other
    if (after := told(setting)) == before:
        return setting
    store(setting)
    audit.record(
        "reconciliation.settings_changed",
        object_type="reconciliation",
        object_id="settings",
        before=before,
        after=after,
        details=after,
    )
    return setting


def require_ratios(tolerance: Decimal, red_flag: Decimal) -> None:
    """Raise ReconciliationProblem for levels that make no sense."""
    for name, ratio in (("tolerance", tolerance), ("red flag", red_flag)):
        if not 0 <= ratio <= LARGEST:
            raise ReconciliationProblem(f"The {name} lies between 0 and 100%.")
        if ratio != ratio.quantize(Decimal("0.0001")):
            raise ReconciliationProblem(f"The {name} has at most two decimals of a per cent.")
    if red_flag < tolerance:
        raise ReconciliationProblem("The red flag cannot lie below the tolerance.")


def told(setting: ReconciliationSetting) -> dict[str, str]:
    """A setting as the log keeps it."""
    names = {name: source.name if source else "" for name, source in (("base", setting.base), ("other", setting.other))}
    return {"tolerance": f"{setting.tolerance:.4f}", "red_flag": f"{setting.red_flag:.4f}", **names}


def account_map(
    *, client: Client, source: Source, customer_id: str, account_id: str, user: Any = None
) -> AccountMapping:
    """From now on this customer of the source is that account; a customer that is mapped already is mapped anew.

    Raises ReconciliationProblem for blank or long ids, or an id that is mapped to itself.
    """
    customer_id, account_id = customer_id.strip(), account_id.strip()
    for name, value in (("customer id", customer_id), ("account id", account_id)):
        if not value or len(value) > LONGEST_ID or not value.isprintable():
            raise ReconciliationProblem(f"The {name} has 1 to {LONGEST_ID} printable characters.")
    if customer_id == account_id:
        raise ReconciliationProblem("Equal ids belong together already: there is nothing to map.")
    found = AccountMapping.objects.select_for_update().filter(source=source, customer_id=customer_id).first()
    if found is not None and found.account_id == account_id:
        return found
    before = found.account_id if found else None
    mapping: AccountMapping = found or AccountMapping(client=client, source=source, customer_id=customer_id)
    mapping.account_id, mapping.created_by = account_id, user
    store(mapping)
    record_mapping("account.mapped", mapping, before, account_id)
    return mapping


def account_unmap(*, client: Client, mapping: AccountMapping) -> None:
    """The customer is joined by its own id again."""
    record_mapping("account.unmapped", mapping, mapping.account_id, None)
    mapping.delete()


def record_mapping(action: str, mapping: AccountMapping, before: str | None, after: str | None) -> None:
    """The audit entry of a mapping."""
    audit.record(
        action,
        object_type="account",
        object_id=mapping.customer_id,
        before=before,
        after=after,
        details={"source": mapping.source.name, "customer": mapping.customer_id, "account": [before, after]},
    )


def difference_explain(
    *, client: Client, found: Reconciliation, account: str, shown: Decimal, text: str, user: Any = None
) -> AccountExplanation:
    """Say why an account of a reconciliation differs by what was `shown`.

    Raises ReconciliationOutdated where it differs by something else by now, ReconciliationProblem as `account_explain` does and
    for an account without ARR in either source.
    """
    row = found.account(account)
    if row is None or found.base is None or found.other is None or found.month is None:
        raise ReconciliationProblem("No such account has ARR in either source.")
    if row.difference != shown:
        raise ReconciliationOutdated("The difference has changed since it was shown: look at it once more.")
    return account_explain(
        client=client, base=found.base, other=found.other, month=found.month, account_id=row.account,
        difference=row.difference, text=text, user=user,
    )  # fmt: skip


def account_explain(
    *,
    client: Client,
    base: Source,
    other: Source,
    month: int,
    account_id: str,
    difference: Decimal,
    text: str,
    user: Any = None,
) -> AccountExplanation:
    """Say why an account differs; `difference` is what was shown, and the explanation stands as long as it is that.

    Raises ReconciliationProblem without a text, with one of more than 2,000 characters, or where nothing differs.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise ReconciliationProblem(f"An explanation has 1 to {LONGEST_TEXT} characters.")
    if difference == 0:
        raise ReconciliationProblem("The account does not differ: there is nothing to explain.")
    key = {"base": base, "other": other, "month": month, "account_id": account_id}
    found = AccountExplanation.objects.select_for_update().filter(**key).first()
    before = explained(found) if found else None
    explanation: AccountExplanation = found or AccountExplanation(client=client, **key)
    explanation.difference, explanation.text, explanation.explained_by = difference, text, user
    store(explanation)
    record_explanation("account.explained", explanation, before, explained(explanation))
    return explanation


def account_explanation_withdraw(*, client: Client, explanation: AccountExplanation) -> None:
    """The account counts as not explained again."""
    record_explanation("account.explanation_withdrawn", explanation, explained(explanation), None)
    explanation.delete()


def explained(explanation: AccountExplanation) -> dict[str, str]:
    """What an explanation says."""
    return {"difference": f"{explanation.difference:.2f}", "text": explanation.text}


def record_explanation(action: str, explanation: AccountExplanation, before: Any, after: Any) -> None:
    """The audit entry of an explanation."""
    sources = [explanation.base.name, explanation.other.name]
    audit.record(
        action,
        object_type="account",
        object_id=explanation.account_id,
        before=before,
        after=after,
        details={"month": month_format(explanation.month), "sources": sources, **explained(explanation)},
    )
