"""Pages, summaries and traces as tables in a notebook, without pandas.

view(gateway.list_traces("acme"))  # as the last line of a cell
view(gateway.analytics("acme"))
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from ._text import COLUMNS, text


class View:
    """What an operation answered, as a notebook shows it. Elsewhere it prints as JSON."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def _repr_html_(self) -> str:
        return "".join(_section(None, self.data))

    def __repr__(self) -> str:
        return json.dumps(self.data, ensure_ascii=False, indent=2)


def view(answer: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> View:
    """A page, a summary, a trace or rows of any kind, as tables. Iterators are read to their end."""
    return View(answer if isinstance(answer, Mapping) else list(answer))


def _section(name: str | None, data: Any) -> Iterator[str]:
    """A part of an answer under its name: single values first, then what has parts of its own."""
    if name is not None:
        yield f"<h4>{escape(name)}</h4>"
    if not isinstance(data, Mapping):
        yield _rows(name, data)
        return
    there = {key: value for key, value in data.items() if value not in (None, {}, [])}
    parts = {key: value for key, value in there.items() if _is_part(value)}
    single = {key: value for key, value in there.items() if key not in parts}
    if single:
        yield _table([(f"<th>{escape(key)}</th>", _cell(value)) for key, value in single.items()])
    for key, value in parts.items():
        if key in ("request", "response"):
            yield f"<h4>{key}</h4><pre>{escape(json.dumps(value, ensure_ascii=False, indent=2))}</pre>"
        else:
            yield from _section(key, value)


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(row, Mapping) for row in value))


def _rows(name: str | None, rows: list[Mapping[str, Any]]) -> str:
    """Rows under the columns that are known for their kind, or under all that hold single values."""
    present = dict.fromkeys(key for row in rows for key, value in row.items() if not _is_part(value))
    known = COLUMNS.get(name or _kind(present), ())
    columns = [column for column in known if column in present] or list(present)
    head = tuple(f"<th>{escape(column)}</th>" for column in columns)
    return _table([head, *(tuple(_cell(row.get(column)) for column in columns) for row in rows)])


def _kind(present: Iterable[str]) -> str:
    """What rows without a page around them are."""
    return "traces" if "requested_model" in present else ""


def _cell(value: Any) -> str:
    return f"<td>{escape(text(value))}</td>"


def _table(rows: list[tuple[str, ...]]) -> str:
    return "<table>" + "".join(f"<tr>{''.join(row)}</tr>" for row in rows) + "</table>"
