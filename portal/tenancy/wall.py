"""The Python layer of the wall: models, managers and keys that cannot leave their client.

`EnableTenantWall` (portal.tenancy.operations) builds the PostgreSQL layer from the same declarations.
"""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Self, TypeVar

from django.db import models

from portal.tenancy.scope import ScopeError, current_scope, scoped_client_id

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[Row]):
    """Rows of the client that was in scope when the query was begun; it raises when evaluated in any other scope."""

    tenant_id: int | None = None

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.tenant_id = self.tenant_id
        return clone

    def require_scope(self) -> None:
        """Raise ScopeError unless this query may run now."""
        scope = current_scope()
        if self.tenant_id is None or scope is None or scope.client_id != self.tenant_id:
            raise ScopeError(f"a query on {self.model.__name__} ran outside the scope of its client")

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self.require_scope()
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> Iterator[Row]:
        self.require_scope()
        return super().iterator(chunk_size=chunk_size)

    def count(self) -> int:
        self.require_scope()
        return super().count()

    def exists(self) -> bool:
        self.require_scope()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self.require_scope()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self.require_scope()
        if {"client", "client_id"} & kwargs.keys():
            raise ScopeError("a row never moves to another client")
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self.require_scope()
        return super().delete()

    def bulk_create(self, objs: Iterable[Row], *args: Any, **kwargs: Any) -> list[Row]:
        rows = list(objs)
        for row in rows:
            check_tenant(row)
        return super().bulk_create(rows, *args, **kwargs)


class TenantManager(models.Manager[Row]):
    """Begins every query inside the scope of the client."""

    def get_queryset(self) -> TenantQuerySet[Row]:
        queryset: TenantQuerySet[Row] = TenantQuerySet(self.model, using=self._db)
        scope = current_scope()
        if scope is not None:
            queryset = queryset.filter(client_id=scope.client_id)
            queryset.tenant_id = scope.client_id
        return queryset

    def unscoped(self, *, reason: str) -> models.QuerySet[Row]:
        """Rows of all clients, through the system role: the one bypass, for jobs that look across clients.

        `reason` says in a few words why; the architecture test lists every use.
        """
        if not reason:
            raise ScopeError("looking across clients needs a reason")
        return models.QuerySet(self.model, using="system")


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A foreign key to a row of the same client; in PostgreSQL the key is `(client_id, <column>)`."""

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False  # EnableTenantWall adds the composite one
        kwargs.setdefault("db_index", False)  # useful indexes begin with the client: declare them in Meta
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs


class TenantModel(models.Model):
    """A row that belongs to one client and can never be seen or touched from another."""

    client = models.ForeignKey(
        "tenancy.Client", on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        check_tenant(self)
        super().save(*args, **kwargs)


def check_tenant(row: models.Model) -> None:
    """Give a new row the client in scope; ScopeError when the row, or a row it points at, is another client's."""
    client_id = scoped_client_id()
    if getattr(row, "client_id", None) is None:
        row.client_id = client_id  # type: ignore[attr-defined]
    if row.client_id != client_id:  # type: ignore[attr-defined]
        raise ScopeError(f"this {type(row).__name__} belongs to another client")
    for field in row._meta.concrete_fields:
        if isinstance(field, TenantForeignKey) and field.is_cached(row):
            target = getattr(row, field.name)
            if target is not None and target.client_id != client_id:
                raise ScopeError(f"{type(row).__name__}.{field.name} points at another client's row")
