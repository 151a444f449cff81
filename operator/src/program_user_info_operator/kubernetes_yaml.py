"""YAML as kubectl, Helm and the API server read it: as JSON, by the rules of sigs.k8s.io/yaml.

They differ from PyYAML's: a time is a string, `y` and `on` are booleans, `1e3` is a number and
`010` is eight. A file must mean the same here and there, and so must what is written here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"], True),
    **dict.fromkeys(["on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE"], False),
    **dict.fromkeys(["off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
}
_NO_NUMBERS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"^([-+]?0)[oO]?([0-7]+)$")
# JSON's encoder in Go writes whole numbers below this one without an exponent.
_LARGEST_WRITTEN_OUT = 1e21


class _Loader(yaml.SafeLoader):
    """Builds what JSON can hold."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            return _tag_and_value(value)[0]
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        self.flatten_mapping(node)
        return {
            _key(self.construct_object(key, deep=True)): self.construct_object(value, deep=deep)
            for key, value in node.value
        }


class _Dumper(yaml.SafeDumper):
    """For people: no anchors, texts of several lines as blocks.

    Quotes whatever either Kubernetes or PyYAML would not read as the string that it is.
    """

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode and implicit[0]:
            tag, _ = _tag_and_value(value)
            if tag != f"{_TAG}str":
                return tag
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def load(text: str) -> Any:
    """The one document in `text`. Raises `yaml.YAMLError`."""
    try:
        return _as_json(yaml.load(text, Loader=_Loader))
    except RecursionError:
        raise yaml.YAMLError("an alias refers to the anchor that contains it") from None


def dump_all(documents: Iterable[Any]) -> str:
    """The documents, separated by `---`."""
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=100)


def _tag_and_value(text: str) -> tuple[str, Any]:
    if text in _WORDS:
        word = _WORDS[text]
        return f"{_TAG}{'null' if word is None else 'bool'}", word
    if text == "<<":
        return f"{_TAG}merge", text
    if _NO_NUMBERS.fullmatch(text):
        return f"{_TAG}float", float(text.replace(".", "", 1))
    digits = text.replace("_", "") if text[0] != "_" else text
    if _INTEGER.fullmatch(digits):
        value = int(_OCTAL.sub(r"\1o\2", digits), 0)
        return f"{_TAG}int", value if -(2**63) <= value < 2**64 else _whole(float(value))
    if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)):
        return f"{_TAG}float", _whole(float(digits))
    return f"{_TAG}str", text


def _whole(number: float) -> float | int:
    return int(number) if number.is_integer() and abs(number) < _LARGEST_WRITTEN_OUT else number


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise yaml.YAMLError("JSON has neither .inf nor .nan; write a number")
    return value


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    raise yaml.YAMLError("a key must be a string; put it in quotes")


def _scalar(loader: _Loader, node: yaml.ScalarNode) -> Any:
    tag, value = _tag_and_value(str(loader.construct_scalar(node)))
    if tag != node.tag and (tag, node.tag) != (f"{_TAG}int", f"{_TAG}float"):
        kind = node.tag.removeprefix(_TAG)
        raise yaml.constructor.ConstructorError(None, None, f"not of type {kind}", node.start_mark)
    return value


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _binary(loader: _Loader, node: yaml.ScalarNode) -> str:
    return loader.construct_yaml_binary(node).decode(errors="replace")


def _unknown(_loader: _Loader, node: yaml.Node) -> Any:
    kind = node.tag.removeprefix(_TAG)
    raise yaml.constructor.ConstructorError(None, None, f"JSON has no {kind}", node.start_mark)


for _type in ("null", "bool", "int", "float"):
    _Loader.add_constructor(f"{_TAG}{_type}", _scalar)
for _type in ("str", "timestamp", "merge"):
    _Loader.add_constructor(f"{_TAG}{_type}", _text)
_Loader.add_constructor(f"{_TAG}binary", _binary)
for _type in ("set", "omap", "pairs"):
    _Loader.add_constructor(f"{_TAG}{_type}", _unknown)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar(f"{_TAG}str", text, style=style)


_Dumper.add_representer(str, _represent_text)
