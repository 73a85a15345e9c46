"""Contract lines as they stand, and every change they went through."""

from typing import Any, ClassVar

from django.db import models

from metrics.models.intake import ContractImport, Source, bulk_client
from portal.tenancy.wall import TenantForeignKey, TenantModel


def id_field(**options: Any) -> "models.CharField[Any, Any]":
    """A name that a source gives: compared and ordered by code points, which is also what makes its index quick."""
    return models.CharField(max_length=200, db_collation="C", **options)


class ContractLine(TenantModel):
    """One line of a contract in one source. `removed_import` is set while the newest file lacks the line."""

    client = bulk_client()
    source = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="lines")
    line_id = id_field()
    contract_id = id_field()
    customer_id = id_field()
    customer_name = models.CharField(max_length=200)
    parent_customer_id = id_field(null=True)
    product = models.CharField(max_length=200)
    charge_type = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=20, decimal_places=6)
    amount_basis = models.CharField(max_length=10)
    discount = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    currency = models.CharField(max_length=3)
    signed_on = models.DateField(null=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, help_text="The last day of service; empty: evergreen")
    live_on = models.DateField(null=True)
    cancelled_on = models.DateField(null=True, help_text="The first day without service")
    replaces_contract_id = id_field(null=True)
    replaces_line_id = id_field(null=True)
    segment = models.CharField(max_length=200, null=True)
    region = models.CharField(max_length=200, null=True)
    rep = models.CharField(max_length=200, null=True)
    content_hash = models.CharField(max_length=64)
    first_import = TenantForeignKey(ContractImport, on_delete=models.PROTECT, related_name="+")
    last_import = TenantForeignKey(ContractImport, on_delete=models.PROTECT, related_name="+")
    removed_import = TenantForeignKey(ContractImport, on_delete=models.PROTECT, null=True, related_name="+")
    source_row = models.IntegerField(help_text="The row of the last import's file that said so")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "source", "line_id"], name="line_once"),
        ]
        indexes: ClassVar = [
            # An import writes customer by customer, so that both trees grow at one place; a hash would be hit everywhere.
            models.Index(fields=["client", "customer_id"], name="line_by_customer"),
            models.Index(fields=["client", "contract_id"], name="line_by_contract"),
            # Who belongs to whom, for the few lines that say so: a change is followed along these in both directions.
            *(
                models.Index(
                    fields=["client", "source", name], name=index, condition=models.Q(**{f"{name}__isnull": False})
                )
                for name, index in [
                    ("parent_customer_id", "line_by_parent"),
                    ("replaces_contract_id", "line_by_replaced_contract"),
                    ("replaces_line_id", "line_by_replaced_line"),
                ]
            ),
        ]

    def __str__(self) -> str:
        return str(self.line_id)


class LineStamp(TenantModel):
    """Moves with every statement that writes a client's contract lines, by trigger (`0004_line_columns`)."""

    version = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client"], name="line_stamp_once")]


class LineColumns(TenantModel):
    """The live lines of a source as columns, for whoever reads them all; true while its version is the client's stamp."""

    source = TenantForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    version = models.BigIntegerField(help_text="The stamp under which the lines were read")
    lines_sum = models.CharField(max_length=32, help_text="`repository.lines_sum` in 32 hex digits")
    lines = models.BinaryField(help_text="An Arrow file of the live lines in the engine's schema")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "source"], name="line_columns_once")]


class ArrivedLines(TenantModel):
    """Lines of a large first load that are not in their rows yet (`metrics.line_rows`): until then they are these.

    While a client has any, the database refuses to read its contract lines row by row (`0019_arrived_lines`).
    """

    source = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    contract_import = TenantForeignKey(ContractImport, on_delete=models.PROTECT, related_name="+")
    lines_sum = models.CharField(max_length=32, help_text="`repository.lines_sum` in 32 hex digits")
    lines = models.BinaryField(help_text="`line_columns.packed`, with `source_row`")
    attempts = models.PositiveIntegerField(default=0, db_default=0, help_text="Jobs that began to write their rows")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "source"], name="arrived_lines_once")]


class LineChange(TenantModel):
    """One field of one line that an import changed; `field` is empty where the line itself was added or vanished."""

    client = bulk_client()
    source = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    contract_import = TenantForeignKey(ContractImport, on_delete=models.CASCADE, related_name="changes")
    line_id = id_field()
    kind = models.CharField(
        max_length=10, choices=[("changed", "Changed"), ("vanished", "Vanished"), ("returned", "Returned")]
    )
    field = models.CharField(max_length=40, blank=True, default="")
    old = models.CharField(max_length=200, null=True)
    new = models.CharField(max_length=200, null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["client", "source", "line_id"], name="change_by_line"),
            models.Index(fields=["client", "contract_import"], name="change_by_import"),
        ]
