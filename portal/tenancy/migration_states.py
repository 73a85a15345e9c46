"""What Django renders again of its models while it migrates: no more than what refers to the model that changed.

Django renders a changed model anew together with everything that is related to it, in either direction and however remotely.
Here everything is related to everything, through Client: migrating an empty database rendered twenty thousand models, and took
ten times as long as its statements. But what a model refers to does not change with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ProjectState

States: Any = ProjectState  # whose method below is Django's own business
Key = tuple[str, str]  # app label, name in lower case


@contextmanager
def few_renderings() -> Iterator[None]:
    """Migrate with as few renderings as suffice."""
    djangos_own = States._find_reload_model
    States._find_reload_model = models_to_reload
    try:
        yield
    finally:
        States._find_reload_model = djangos_own


def models_to_reload(state: Any, app_label: str, model_name: str, delay: bool = False) -> set[Key]:
    """The model and those that refer to it; without `delay` also those that refer to these, and so on.

    As in Django, `delay` leaves remoter ones as they were until a migration's own code reads models: then all are made anew.
    """
    if delay:
        state.is_delayed = True
    newest: set[Key] = {(app_label, model_name)}
    found = set(newest)
    while newest:
        newest = {key for each in newest for key in state.relations.get(each, ())} - found
        found |= newest
        if delay:
            break
    return found
