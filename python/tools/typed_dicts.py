"""Writes the definitions of a JSON schema as typed dicts. What goes in may lack fields and takes any sequence, mapping and
time; what comes out has its fields, lists, dicts and text."""

import json
import keyword
import textwrap
from collections.abc import Iterator
from typing import Any

HEAD = '''"""The shapes of what goes in and comes out, for type checkers and for people. Nothing is checked here: the gateway
itself says what is wrong with a value. Written by `make gen` from include/gateway.schema.json."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired, Required

#: An instant that goes in: RFC 3339 as text, or a `datetime` with a time zone.
Time = str | datetime.datetime

'''

#: Text of a form of its own, which is but text to Python.
TEXT = {"ProviderName", "Secret", "TenantId", "TraceId", "Usd"}
PREFIX = "#/$defs/"


def typed_dicts(schema: str) -> str:
    """The module with a type for every definition."""
    document = json.loads(schema)
    definitions: dict[str, Any] = document["$defs"]
    taken = closure(
        [document["config"], document["options"], *(one["input"] for one in document["operations"])], definitions
    )
    names = [name for name in definitions if name not in TEXT | {"Timestamp", "NoArguments"}]
    literals = [name for name in names if "properties" not in definitions[name]]
    shapes = [name for name in names if "properties" in definitions[name]]
    parts = [alias(name, Type(name in taken).of(definitions[name])) for name in literals]
    parts.append("\n")
    parts += [shape(name, definitions[name], Type(name in taken)) for name in shapes]
    return HEAD + "".join(parts).rstrip() + "\n"


def closure(roots: list[Any], definitions: dict[str, Any]) -> set[str]:
    """The names of all definitions that these refer to."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        for name in set(references(waiting.pop())) - found:
            found.add(name)
            waiting.append(definitions[name])
    return found


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].removeprefix(PREFIX)
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def alias(name: str, written: str) -> str:
    line = f"{name} = {written}\n"
    if len(line) <= 120:
        return line
    values = written.removeprefix("Literal[").removesuffix("]").split(", ")
    return "".join([f"{name} = Literal[\n", *(f"    {value},\n" for value in values), "]\n"])


def shape(name: str, definition: dict[str, Any], types: "Type") -> str:
    fields: dict[str, Any] = definition["properties"]
    required = set(definition.get("required", []))
    words = {field: node for field, node in fields.items() if keyword.iskeyword(field)}
    base = f"_{name}Words" if words else "TypedDict"
    # Words of the language cannot stand in a class.
    pairs = "".join(f'"{field}": {types.quoted(node)}, ' for field, node in words.items())
    head = f'{base} = TypedDict("{base}", {{{pairs.rstrip(", ")}}})\n\n\n' if words else ""
    total = ", total=False" if types.taken else ""
    lines = [f"class {name}({base}{total}):"]
    if description := definition.get("description"):
        lines += [*wrapped(f'"""{one_line(description)}"""', ""), ""]
    for field, node in fields.items():
        if field in words:
            continue
        if description := node.get("description"):
            lines += wrapped(one_line(description), "#: ")
        lines.append(f"    {field}: {types.field(node, field in required)}")
    if len(lines) == 1 or not set(fields) - set(words):
        lines.append("    pass")
    return head + "\n".join(lines).rstrip() + "\n\n\n"


def one_line(text: str) -> str:
    """The text without its line breaks, and without what is said to those who write Rust."""
    return " ".join(text.split()).partition(" Fields are added in minor versions")[0]


def wrapped(text: str, prefix: str) -> list[str]:
    margin = "    " + prefix
    return textwrap.wrap(text, 120, initial_indent=margin, subsequent_indent=margin, break_long_words=False)


class Type:
    """How a schema is written as a type."""

    def __init__(self, taken: bool) -> None:
        self.taken = taken

    def field(self, node: Any, required: bool) -> str:
        written = self.of(node)
        if self.taken:
            return f"Required[{written}]" if required else written
        return written if required else f"NotRequired[{written}]"

    def quoted(self, node: Any) -> str:
        """For where the type is read when the module is."""
        written = self.of(node)
        return written if written.isidentifier() else f'"{written}"'

    def of(self, node: Any) -> str:
        if node is True or node == {}:
            return "Any"
        if "$ref" in node:
            return self.named(node["$ref"].removeprefix(PREFIX))
        if "const" in node:
            return f'Literal["{node["const"]}"]'
        if "enum" in node:
            return f"Literal[{', '.join(json.dumps(value) for value in node['enum'])}]"
        for union in ("anyOf", "oneOf"):
            if union in node:
                return self.union([self.of(one) for one in node[union]])
        kinds = node.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        return self.union([self.simple(kind, node) for kind in kinds]) if kinds else "Any"

    def named(self, name: str) -> str:
        if name == "Timestamp":
            return "Time" if self.taken else "str"
        return "str" if name in TEXT else name

    @staticmethod
    def union(types: list[str]) -> str:
        if all(one.startswith("Literal[") for one in types):
            return f"Literal[{', '.join(one.removeprefix('Literal[').removesuffix(']') for one in types)}]"
        types = list(dict.fromkeys(types))
        # Nothing comes last, as people write it.
        return " | ".join(sorted(types, key=lambda one: one == "None"))

    def simple(self, kind: str, node: dict[str, Any]) -> str:
        if kind == "array":
            return f"{'Sequence' if self.taken else 'list'}[{self.of(node.get('items', True))}]"
        if kind == "object":
            # Keys of one pattern are text all the same.
            values = self.of(
                next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties", True))
            )
            return f"{'Mapping' if self.taken else 'dict'}[str, {values}]"
        names = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
        return names[kind]
