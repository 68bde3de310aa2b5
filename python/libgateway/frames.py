"""Traces and series as DataFrames of pandas or polars, whichever is installed; notebooks show them as tables.

to_pandas(gateway.iter_traces("acme"))
to_polars(gateway.analytics_timeseries("acme")["timeseries"])
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars

#: Columns that are instants, and columns that are exact decimal numbers.
TIMES = {"created_at", "ended_at", "updated_at", "expires_at", "last_used_at", "failed_at", "opened_at", "start"}
DECIMALS = {"cost_usd"}
#: What a page calls its rows.
ROWS = ("traces", "timeseries", "models", "groups", "tenants", "api_keys", "providers", "dead_letters", "instances")


def to_pandas(rows: Iterable[Mapping[str, Any]] | Mapping[str, Any]) -> pandas.DataFrame:
    """Rows, or a page of them: instants as UTC timestamps, costs as exact decimals, metadata as dicts."""
    import pandas

    frame = pandas.DataFrame.from_records(_records(rows))
    for column in TIMES & set(frame.columns):
        frame[column] = pandas.to_datetime(frame[column], utc=True)
    return frame


def to_polars(rows: Iterable[Mapping[str, Any]] | Mapping[str, Any]) -> polars.DataFrame:
    """Rows, or a page of them: instants as UTC datetimes, costs as exact decimals, metadata as a struct."""
    import polars

    records = _records(rows)
    columns = {name for record in records for name in record}
    instants = {name: polars.Datetime("ms", "UTC") for name in TIMES & columns}
    exact = {name: polars.Decimal(38, 12) for name in DECIMALS & columns}
    return polars.DataFrame(records, schema_overrides={**instants, **exact}, infer_schema_length=None)


def _records(rows: Iterable[Mapping[str, Any]] | Mapping[str, Any]) -> list[dict[str, Any]]:
    if isinstance(rows, Mapping):
        rows = next((rows[name] for name in ROWS if name in rows), [rows])
    return [{name: _value(name, value) for name, value in row.items()} for row in rows]


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in TIMES:
        # The last letter, which is Python's only since 3.11, is that of UTC.
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if name in DECIMALS:
        return decimal.Decimal(value)
    # An empty struct is nothing that a column can hold.
    return value if value != {} else None
