"""Migrating renders few models again, and those that it leaves as they are still fit together."""

from collections.abc import Iterator

import pytest
from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from portal.tenancy.migration_states import States, few_renderings


def refers_to(name: str) -> models.Field:  # type: ignore[type-arg]
    return models.ForeignKey(f"town.{name}", models.CASCADE)


@pytest.fixture
def town() -> Iterator[ProjectState]:
    """City ← Street ← House ← Door, and a Mayor of the City: rendered, as in the midst of migrating."""
    state = ProjectState()
    with few_renderings():
        for name, fields in {
            "City": [],
            "Street": [("city", refers_to("City"))],
            "House": [("street", refers_to("Street"))],
            "Door": [("house", refers_to("House"))],
            "Mayor": [("city", refers_to("City"))],
        }.items():
            state.add_model(ModelState("town", name, [("id", models.AutoField(primary_key=True)), *fields]))
        assert state.apps.ready
        yield state


def rendered(town: ProjectState) -> dict[str, int]:
    return {model.__name__: id(model) for model in town.apps.get_models()}


def changed(town: ProjectState, before: dict[str, int]) -> set[str]:
    return {name for name, which in rendered(town).items() if before.get(name) != which}


def test_a_new_model_leaves_all_others_as_they_are(town: ProjectState) -> None:
    before = rendered(town)
    town.add_model(
        ModelState("town", "Tree", [("id", models.AutoField(primary_key=True)), ("street", refers_to("Street"))])
    )
    assert changed(town, before) == {"Tree"}
    street, tree = (town.apps.get_model("town", name) for name in ("Street", "Tree"))
    assert tree._meta.get_field("street").related_model is street
    assert tree in {each.related_model for each in street._meta.related_objects}


def test_a_new_reference_renders_the_model_and_whatever_refers_to_it(town: ProjectState) -> None:
    before = rendered(town)
    town.add_field("town", "house", "owner", refers_to("Mayor"), True)
    assert changed(town, before) == {"House", "Door"}
    house, door = (town.apps.get_model("town", name) for name in ("House", "Door"))
    assert door._meta.get_field("house").related_model is house
    assert str(door.objects.filter(house__owner__city=1).query).count("JOIN") == 2


def test_a_plain_field_renders_its_model_and_those_that_refer_to_it_directly(town: ProjectState) -> None:
    before = rendered(town)
    town.add_field("town", "street", "name", models.TextField(), True)
    assert changed(town, before) == {"Street", "House"}


def test_a_migrations_own_code_finds_all_models_as_they_are_by_then(town: ProjectState) -> None:
    town.add_field("town", "street", "name", models.TextField(), True)
    town.clear_delayed_apps_cache()  # as RunPython does
    door = town.apps.get_model("town", "Door")
    assert "name" in str(door.objects.filter(house__street__name="High Street").query)


def test_djangos_own_way_is_back_afterwards() -> None:
    before = States._find_reload_model
    with few_renderings():
        assert States._find_reload_model is not before
    assert States._find_reload_model is before
