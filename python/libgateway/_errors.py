"""What goes wrong, as exceptions. The classes follow the hundreds of the error numbers; `code` says what it is exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _native

__all__ = [
    "AuthenticationError",
    "CancelledError",
    "ClosedError",
    "ConfigError",
    "ConflictError",
    "ForkedError",
    "GatewayError",
    "GatewayTimeoutError",
    "InternalError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "StoreError",
    "UpstreamConnectionError",
    "UpstreamError",
    "UpstreamRateLimitError",
    "UpstreamRejectedError",
]


class GatewayError(Exception):
    """The root of everything the gateway raises."""

    #: What went wrong: a stable name, such as `upstream_rate_limited`.
    code: str
    #: The stable number of the code.
    number: int
    #: The HTTP status that a caller over HTTP would see.
    status: int
    #: What happened and what to do about it.
    message: str
    #: Seconds to wait before the next try, as the provider asked.
    retry_after: float | None
    #: Whether the gateway has asked again in vain: do not multiply the attempts.
    retries_spent: bool
    #: The provider that was called.
    provider: str | None
    #: The id of the request: the caller's own, or the trace's.
    request_id: str | None
    #: The field, parameter or setting at fault.
    param: str | None
    #: The provider's error body, as it came.
    body: bytes | None
    #: The provider's headers that are the caller's business, names in lower case.
    headers: Mapping[str, str]

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        for name, default in _DEFAULTS.items():
            setattr(self, name, fields.pop(name, default))
        if fields:
            raise TypeError(f"GatewayError has no field {next(iter(fields))!r}")

    @property
    def is_temporary(self) -> bool:
        """Whether the same call may succeed later without a change."""
        return _TEMPORARY.get(self.code, False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.message, {name: getattr(self, name) for name in _DEFAULTS})


class InvalidRequestError(GatewayError):
    """The request is wrong; `param` names the field where there is one."""


class ConfigError(InvalidRequestError):
    """A configuration is wrong: the gateway's or a provider's."""


class NotFoundError(GatewayError):
    """There is no such tenant, provider, model, trace, key or operation."""


class ConflictError(InvalidRequestError):
    """Something of that name exists already."""


class AuthenticationError(GatewayError):
    """The API key is missing, unknown, revoked or expired."""


class PermissionDeniedError(AuthenticationError):
    """The API key may not do this, or its tenant is disabled."""


class RateLimitError(GatewayError):
    """Too many requests, for the gateway or for the provider."""


class UpstreamError(GatewayError):
    """The provider failed, could not be reached or sent what nobody can read."""


class UpstreamRejectedError(UpstreamError):
    """The provider refused the request; `body` has its own words."""


class UpstreamRateLimitError(UpstreamError, RateLimitError):
    """The provider answered 429; `retry_after` says for how long it wants to be left alone."""


class UpstreamConnectionError(UpstreamError):
    """The provider could not be reached, or broke the connection."""


class GatewayTimeoutError(GatewayError, TimeoutError):
    """One of the four timeouts ran out; `code` says which."""


class StoreError(GatewayError):
    """The store is away, refuses a statement or does not fit this library or its key."""


class InternalError(GatewayError):
    """A fault of the library, or of what the process has left."""


class ClosedError(GatewayError):
    """The gateway has been closed, or was never opened."""


class CancelledError(GatewayError):
    """The call was cancelled."""


class ForkedError(GatewayError):
    """The gateway was opened before this process was forked; open one in the child."""


_DEFAULTS: dict[str, Any] = {
    "code": "internal",
    "number": 700,
    "status": 500,
    "retry_after": None,
    "retries_spent": False,
    "provider": None,
    "request_id": None,
    "param": None,
    "body": None,
    "headers": {},
}

_FAMILIES: dict[int, type[GatewayError]] = {
    1: InvalidRequestError,
    2: AuthenticationError,
    3: RateLimitError,
    4: UpstreamError,
    5: GatewayTimeoutError,
    6: StoreError,
    7: InternalError,
}

_NARROWER: dict[str, type[GatewayError]] = {
    "invalid_config": ConfigError,
    "invalid_provider_config": ConfigError,
    "unknown_provider_kind": ConfigError,
    "already_exists": ConflictError,
    "provider_not_found": NotFoundError,
    "trace_not_found": NotFoundError,
    "api_key_not_found": NotFoundError,
    "unknown_operation": NotFoundError,
    "model_not_found": NotFoundError,
    "tenant_not_found": NotFoundError,
    "insufficient_scope": PermissionDeniedError,
    "tenant_disabled": PermissionDeniedError,
    "upstream_rejected": UpstreamRejectedError,
    "upstream_rate_limited": UpstreamRateLimitError,
    "upstream_unreachable": UpstreamConnectionError,
    "upstream_dns_failed": UpstreamConnectionError,
    "upstream_tls_failed": UpstreamConnectionError,
    "upstream_disconnected": UpstreamConnectionError,
    "closed": ClosedError,
    "cancelled": CancelledError,
    "forked": ForkedError,
}

_TEMPORARY = {name: temporary for name, _, _, temporary in _native.ERROR_CODES}


def class_of(code: str, number: int) -> type[GatewayError]:
    """The class of a code; of one that this table does not know yet, that of its hundred."""
    return _NARROWER.get(code) or _FAMILIES.get(number // 100, GatewayError)


def of_native(
    code: str,
    number: int,
    message: str,
    status: int,
    retry_after: float | None,
    retries_spent: bool,
    provider: str | None,
    request_id: str | None,
    param: str | None,
    body: bytes | None,
    headers: list[tuple[bytes, bytes]],
) -> GatewayError:
    """What the native module raises."""
    return class_of(code, number)(
        message,
        code=code,
        number=number,
        status=status,
        retry_after=retry_after,
        retries_spent=retries_spent,
        provider=provider,
        request_id=request_id,
        param=param,
        body=body,
        headers=headers_of(headers),
    )


def error(code: str, message: str, **fields: Any) -> GatewayError:
    """An error of this package's own, with a code of the table."""
    number, status = next((number, status) for name, number, status, _ in _native.ERROR_CODES if name == code)
    return class_of(code, number)(message, code=code, number=number, status=status, **fields)


def headers_of(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as text; those that are there several times are joined by commas."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _again(kind: type[GatewayError], message: str, fields: dict[str, Any]) -> GatewayError:
    return kind(message, **fields)
