"""How a file's columns become ours: the answers a person gave once per source, kept as JSON and used for every later
file.
"""

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import asdict, dataclass, field
from typing import Any, Final, cast

from metrics.intake.layout import CONTRACT_NAMES

DATE_ORDERS: Final = ("ymd", "dmy", "mdy")
DECIMAL_MARKS: Final = (".", ",")


class MappingError(ValueError):
    """A mapping that makes no sense; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Mapping:
    """Where each of our columns comes from and how its text is read.

    `columns` maps our column to the file's column name, `constants` ours to one text for every row; a column in
    neither is blank. `value_maps` maps, per our column, the file's text (whatever its case; "" for an empty cell) to
    ours. `null_markers` are texts that mean "empty". `date_order` may be None as long as every date is written year
    first. `end_is_exclusive`: the file's end date is the first day without service. `sheet`, `delimiter` and
    `encoding` overrule what the reader finds.
    """

    columns: MappingType[str, str] = field(default_factory=dict)
    constants: MappingType[str, str] = field(default_factory=dict)
    value_maps: MappingType[str, MappingType[str, str]] = field(default_factory=dict)
    date_order: str | None = None
    decimal_mark: str = "."
    end_is_exclusive: bool = False
    null_markers: tuple[str, ...] = ()
    sheet: str | None = None
    delimiter: str | None = None
    encoding: str | None = None

    @classmethod
    def identity(cls, header: Iterable[str] = CONTRACT_NAMES, names: tuple[str, ...] = CONTRACT_NAMES) -> "Mapping":
        """The mapping of a file in our own format: every column of ours that `header` has, ISO dates, decimal point.

        Without a header all columns are expected. A column that a mapping names must be in the file, optional or not:
        one that is renamed at the source would otherwise turn every contract evergreen without a word.
        """
        present = set(header)
        return cls(columns={name: name for name in names if name in present}, date_order="ymd")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` gives the same mapping back."""
        plain = asdict(self)
        plain["null_markers"] = list(self.null_markers)
        return plain

    @classmethod
    def from_dict(cls, data: object, names: tuple[str, ...] = CONTRACT_NAMES) -> "Mapping":
        """The mapping in JSON values. Raises `MappingError` with every fault; `names` are the columns it may fill."""
        faults = find_mapping_faults(data, names)
        if faults:
            raise MappingError(faults)
        given = cast(dict[str, Any], data)
        return cls(**{**given, "null_markers": tuple(given.get("null_markers", ()))})


def find_mapping_faults(data: object, names: tuple[str, ...]) -> list[str]:
    """Everything that is wrong with a mapping in JSON values, in words."""
    if not isinstance(data, dict):
        return ["a mapping is an object with the keys columns, constants, …"]
    known = set(Mapping.__dataclass_fields__)
    faults = [f"'{key}' is no setting of a mapping" for key in data if key not in known]
    for key in ("columns", "constants"):
        faults += _text_map_faults(key, data.get(key, {}), names)
    faults += _value_map_faults(data.get("value_maps", {}), names)
    if not faults:
        both = sorted(set(data.get("columns", {})) & set(data.get("constants", {})))
        faults += [f"{name} is filled from a column and with a constant: choose one" for name in both]
    if data.get("date_order") not in (None, *DATE_ORDERS):
        faults.append(f"date_order is one of {', '.join(DATE_ORDERS)}, or null while it is not known")
    if data.get("decimal_mark", ".") not in DECIMAL_MARKS:
        faults.append("decimal_mark is '.' or ','")
    if not isinstance(data.get("end_is_exclusive", False), bool):
        faults.append("end_is_exclusive is true or false")
    markers = data.get("null_markers", [])
    if not isinstance(markers, (list, tuple)) or not all(isinstance(marker, str) and marker for marker in markers):
        faults.append("null_markers is a list of texts")
    faults += [
        f"{key} is a text or null" for key in ("sheet", "encoding") if not isinstance(data.get(key), (str, type(None)))
    ]
    delimiter = data.get("delimiter")
    if delimiter is not None and delimiter not in (",", ";", "\t", "|"):
        faults.append("delimiter is a comma, a semicolon, a tab or a vertical bar")
    return faults


def _text_map_faults(key: str, given: object, names: tuple[str, ...]) -> list[str]:
    if not isinstance(given, dict):
        return [f"{key} is an object from our column to a text"]
    faults = [f"{key}: '{name}' is none of our columns" for name in given if name not in names]
    return faults + [
        f"{key}: {name} has no text" for name, text in given.items() if not isinstance(text, str) or not text.strip()
    ]


def _value_map_faults(given: object, names: tuple[str, ...]) -> list[str]:
    if not isinstance(given, dict):
        return ["value_maps is an object from our column to an object of texts"]
    faults = []
    for name, texts in given.items():
        if name not in names:
            faults.append(f"value_maps: '{name}' is none of our columns")
        if not isinstance(texts, dict) or not all(isinstance(t, str) for pair in texts.items() for t in pair):
            faults.append(f"value_maps: {name} is an object of texts")
        elif len({key.strip().casefold() for key in texts}) < len(texts):
            faults.append(f"value_maps: {name} maps the same text twice (upper and lower case do not differ)")
    return faults
