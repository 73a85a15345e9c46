"""A playbook as YAML: every value is a text, so that nothing is guessed, and what stands at its default is left out."""

from typing import Any

import yaml

from engagements.playbook.build import Fault, Plain, PlaybookError, text_bounded, to_data
from engagements.playbook.checks import playbook_from
from engagements.playbook.schema import Playbook

DEEPEST = 20  # parts within parts; the library's go to 10
NODES = 20_000  # names and values; the largest of the library has 2,545
WIDTH = 140


class _Dumper(yaml.SafeDumper):
    """Guesses no types: `3` and `yes` are written as they are, because they are read as texts."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


class _Loader(yaml.BaseLoader):
    """Stops at the first part too deep or too many, before the rest of the text is looked at."""

    depth = nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth, self.nodes = self.depth + 1, self.nodes + 1
        if self.depth > DEEPEST or self.nodes > NODES:
            reason = (
                f"more than {DEEPEST} parts within each other"
                if self.depth > DEEPEST
                else f"more than {NODES:,} values"
            )
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise PlaybookError([Fault("the file", reason, event.start_mark.line + 1)])
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def to_yaml(playbook: Playbook) -> str:
    """The text that `from_yaml` takes back exactly."""
    text: str = yaml.dump(to_data(playbook), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=WIDTH)
    return text


def from_yaml(text: str) -> Playbook:
    """The playbook of a YAML text. PlaybookError names every fault with its line and place."""
    try:
        root = yaml.compose(text_bounded(text), Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise PlaybookError([_fault_of(error)]) from error
    if root is None:
        raise PlaybookError([Fault("the file", "it is empty")])
    lines: dict[str, int] = {}
    return playbook_from(_plain(root, "", lines, set()), lines)


def _fault_of(error: Exception) -> Fault:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or "it cannot be read as YAML"
    return Fault("the file", str(reason), mark.line + 1 if mark else 0)


def _plain(node: Any, place: str, lines: dict[str, int], seen: set[int]) -> Plain:
    """A node as mappings, lists and texts. An alias is refused: a few of them can stand for a billion lines."""
    lines[place] = line = node.start_mark.line + 1
    if id(node) in seen:
        raise PlaybookError([Fault(place, "references between parts (& and *) are not taken", line)])
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines, seen)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, f"{place}[{number}]", lines, seen) for number, each in enumerate(node.value, start=1)]
    return node.value


def _mapping(node: Any, place: str, lines: dict[str, int], seen: set[int]) -> Plain:
    data: dict[str, Plain] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise PlaybookError([Fault(place or "the playbook", "a name is expected before the colon", line)])
        inner = f"{place}.{key.value}" if place else str(key.value)
        if key.value in data:
            raise PlaybookError([Fault(inner, "this is there twice", line)])
        data[key.value] = _plain(value, inner, lines, seen)
        lines[inner] = line
    return data
