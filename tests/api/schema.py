"""The OpenAPI schema as a plain object."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator


def openapi() -> dict[str, Any]:
    """The schema that the portal serves."""
    generator: Any = SchemaGenerator  # untyped
    schema: dict[str, Any] = generator().get_schema(request=None, public=True)
    return schema
