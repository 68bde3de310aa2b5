"""JSON in and out: what Python programs hand in becomes bytes, and the gateway's bytes become dicts."""

from __future__ import annotations

import datetime
import enum
import json
import os
from collections.abc import Callable, Mapping
from json import scanner
from typing import Any, Final, Literal, Protocol, TypeAlias

from ._errors import error


class Model(Protocol):
    """What pydantic's models have."""

    def model_dump(self, *, mode: str, by_alias: bool, exclude_unset: bool) -> Any: ...


def _default(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; add one, such as datetime.timezone.utc")
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_default)
_scan: Callable[[str, int], tuple[Any, int]] = scanner.make_scanner(json.JSONDecoder())  # type: ignore[arg-type]


def encode(value: Any) -> bytes:
    """JSON as UTF-8, without spaces; what was given is written in the order it was given."""
    try:
        return _encoder.encode(value).encode()
    except ValueError as cause:
        raise error("invalid_json", f"the request cannot be written as JSON: {cause}") from cause


def body_of(request: Mapping[str, Any] | Model | bytes | str | None, parameters: dict[str, Any]) -> bytes:
    """The body of a request to a model. Bytes and text go upstream as they are."""
    if request is None:
        return encode(parameters)
    if isinstance(request, (bytes, bytearray, memoryview, str)):
        if parameters:
            raise TypeError(f"{next(iter(parameters))} cannot be put into a request that is bytes already")
        return request.encode() if isinstance(request, str) else bytes(request)
    fields: Mapping[str, Any] = request if isinstance(request, Mapping) else _default(request)
    return encode({**fields, **parameters})


class AllTenants(enum.Enum):
    """The type of `ALL_TENANTS`."""

    ALL_TENANTS = "all"


ALL_TENANTS: Final = AllTenants.ALL_TENANTS
"""In the place of a tenant's id, for whoever operates the gateway: the traces of all tenants."""

Tenants: TypeAlias = str | Literal[AllTenants.ALL_TENANTS]


def tenants_of(tenant_id: Tenants) -> dict[str, Any]:
    """The argument that says whose traces are meant."""
    return {"tenants": "all"} if tenant_id is ALL_TENANTS else {"tenant_id": tenant_id}


def options_of(options: Mapping[str, Any] | None) -> bytes:
    return encode(options) if options else b""


def decode_events(events: list[bytes]) -> list[Any]:
    """The events of one batch as JSON. One pass over their text: each call of `json.loads` costs as much as a short
    event itself."""
    text = b"\n".join(events).decode()
    values, position, end = [], 0, len(text)
    try:
        while position < end:
            value, position = _scan(text, position)
            if position < end and text[position] != "\n":
                break
            values.append(value)
            position += 1
    except (StopIteration, ValueError):
        pass
    return values if len(values) == len(events) else [_decode_event(event) for event in events]


def _decode_event(event: bytes) -> Any:
    try:
        return json.loads(event)
    except ValueError as cause:
        message = f"the provider sent an event that is no JSON: {cause}"
        raise error("upstream_invalid_response", message, body=event) from cause
