"""Migration operations that build the PostgreSQL layer of the wall from the models' own declarations."""

from typing import Any

from django.db.migrations.operations.base import Operation
from django.db.models import Model

from portal.tenancy.wall import TenantForeignKey

TENANT_POLICY = "client_id = (SELECT tenancy.client_id())"


def constraint_name(table: str, column: str) -> str:
    return f"{table}_{column}_tenant_fk"[:63]


class EnableTenantWall(Operation):
    """Row-level security (enabled and forced), `UNIQUE (client_id, id)` and composite foreign keys for one model.

    `policy` replaces the condition for the few reviewed tables that are also read before a client is known.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, model_name: str, policy: str = TENANT_POLICY) -> None:
        self.model_name = model_name
        self.policy = policy

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The wall is not part of Django's model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model: type[Model] = to_state.apps.get_model(app_label, self.model_name)
        table = model._meta.db_table
        schema_editor.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        schema_editor.execute(f'CREATE POLICY tenant ON "{table}" USING ({self.policy}) WITH CHECK ({self.policy})')
        schema_editor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_client_id_key" UNIQUE (client_id, id)')
        for field in model._meta.local_concrete_fields:
            if isinstance(field, TenantForeignKey):
                schema_editor.execute(composite_key_sql(model, field))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f'DROP POLICY IF EXISTS tenant ON "{table}"')
        schema_editor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')

    def describe(self) -> str:
        return f"Build the wall around {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_wall"


class ReadMoreWriteInside(Operation):
    """For a table that is also read before a client is known: `policy` says who reads; writes need the client's scope.

    One policy per command; a policy for all commands would let the readers of other clients' rows delete them, and move
    them into the client in scope.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, model_name: str, policy: str) -> None:
        self.model_name = model_name
        self.policy = policy

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Not part of Django's model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        inside = f"({TENANT_POLICY})"
        schema_editor.execute(f'DROP POLICY tenant ON "{table}"')
        schema_editor.execute(f'CREATE POLICY tenant_read ON "{table}" FOR SELECT USING ({self.policy})')
        schema_editor.execute(f'CREATE POLICY tenant_insert ON "{table}" FOR INSERT WITH CHECK {inside}')
        schema_editor.execute(f'CREATE POLICY tenant_update ON "{table}" FOR UPDATE USING {inside} WITH CHECK {inside}')
        schema_editor.execute(f'CREATE POLICY tenant_delete ON "{table}" FOR DELETE USING {inside}')

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        for command in ("read", "insert", "update", "delete"):
            schema_editor.execute(f'DROP POLICY tenant_{command} ON "{table}"')
        schema_editor.execute(f'CREATE POLICY tenant ON "{table}" USING ({self.policy}) WITH CHECK ({TENANT_POLICY})')

    def describe(self) -> str:
        return f"Write {self.model_name} inside the client's scope alone"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_write_inside"


class KeepRows(Operation):
    """For rows that are evidence: nothing changes or removes one, by grant as well as by trigger."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Not part of Django's model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        refuse = "EXECUTE FUNCTION tenancy.refuse_change()"
        schema_editor.execute(f'CREATE TRIGGER kept_rows BEFORE UPDATE OR DELETE ON "{table}" FOR EACH ROW {refuse}')
        schema_editor.execute(f'CREATE TRIGGER kept_table BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT {refuse}')
        schema_editor.execute(f"SELECT tenancy.make_append_only('{table}')")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        for trigger in ("kept_rows", "kept_table"):
            schema_editor.execute(f'DROP TRIGGER {trigger} ON "{table}"')

    def describe(self) -> str:
        return f"Keep the rows of {self.model_name} as they are"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_kept"


class AddTenantReference(Operation):
    """The composite foreign key of one TenantForeignKey that was added to a model already behind the wall."""

    reversible = True

    def __init__(self, model_name: str, field_name: str) -> None:
        self.model_name = model_name
        self.field_name = field_name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Not part of Django's model state."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(composite_key_sql(model, model._meta.get_field(self.field_name)))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        table, column = model._meta.db_table, model._meta.get_field(self.field_name).column
        schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{constraint_name(table, column)}"')

    def describe(self) -> str:
        return f"Keep {self.model_name}.{self.field_name} within its client"


def composite_key_sql(model: type[Model], field: Any) -> str:
    """`(client_id, x_id)` must exist in the target: another client's id fails exactly like an id that is nobody's."""
    table, column = model._meta.db_table, field.column
    target = field.related_model._meta.db_table
    return (
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{constraint_name(table, column)}" '
        f'FOREIGN KEY (client_id, "{column}") REFERENCES "{target}" (client_id, id)'
    )
