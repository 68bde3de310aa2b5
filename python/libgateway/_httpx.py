"""Transports for httpx and httpx2: requests that a client would send to a server are answered by the gateway, inside the
process. Timeouts, errors and cancellation are those that the client knows."""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import AsyncIterator, Iterator
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from ._errors import GatewayError
from ._native import Answer, Call, Stream

if TYPE_CHECKING:
    from ._gateway import Integrations

#: What stands in the address of requests; it is never looked up.
BASE_URL = "http://libgateway/v1"


def client(gateway: Integrations, httpx: ModuleType | None, settings: dict[str, Any]) -> Any:
    module = _module(httpx)
    return module.Client(transport=transports(module).Transport(gateway), **{"base_url": BASE_URL, **settings})


def async_client(gateway: Integrations, httpx: ModuleType | None, settings: dict[str, Any]) -> Any:
    module = _module(httpx)
    return module.AsyncClient(
        transport=transports(module).AsyncTransport(gateway), **{"base_url": BASE_URL, **settings}
    )


def transports(httpx: ModuleType | None) -> SimpleNamespace:
    """The classes `Transport` and `AsyncTransport`, derived from what the module has."""
    return _derived(_module(httpx))


def _module(httpx: ModuleType | None) -> ModuleType:
    if httpx is not None:
        return httpx
    for name in ("httpx", "httpx2"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name != name:
                raise
    raise ModuleNotFoundError("httpx is not installed; run: pip install httpx", name="httpx")


@functools.cache
def _derived(module: ModuleType) -> SimpleNamespace:
    httpx = cast(Any, module)
    body = type("Body", (_Body, httpx.SyncByteStream), {"httpx": httpx})
    async_body = type("AsyncBody", (_AsyncBody, httpx.AsyncByteStream), {"httpx": httpx})
    return SimpleNamespace(
        Transport=type("Transport", (_Transport, httpx.BaseTransport), {"httpx": httpx, "body": body}),
        AsyncTransport=type(
            "AsyncTransport", (_AsyncTransport, httpx.AsyncBaseTransport), {"httpx": httpx, "body": async_body}
        ),
    )


class _Module:
    #: The module whose classes are spoken.
    httpx: Any


class _Body(_Module):
    """The rest of an answer, all that is ready at once."""

    def __init__(self, stream: Stream, request: Any) -> None:
        self._stream, self._request, self._seconds = stream, request, _seconds(request)

    def __iter__(self) -> Iterator[bytes]:
        while (pieces := self._next()) is not None:
            yield b"".join(pieces)

    def _next(self) -> list[bytes] | None:
        with _Translated(self.httpx, self._request):
            return self._stream.next(self._seconds)

    def close(self) -> None:
        _cancel(self._stream)


class _AsyncBody(_Module):
    """The rest of an answer, all that is ready at once."""

    def __init__(self, gateway: Integrations, stream: Stream, request: Any) -> None:
        self._gateway, self._stream, self._request = gateway, stream, request
        self._seconds = _seconds(request)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (pieces := await self._next()) is not None:
            yield b"".join(pieces)

    async def _next(self) -> list[bytes] | None:
        with _Translated(self.httpx, self._request):
            while (pieces := self._stream.take()) == []:
                await self._gateway._loops.current().readable(self._stream, self._seconds)
            return pieces

    async def aclose(self) -> None:
        _cancel(self._stream)


class _Transport(_Module):
    """Answers the requests of a `Client`."""

    body: type[Any]

    def __init__(self, gateway: Integrations) -> None:
        self._gateway = gateway

    def handle_request(self, request: Any) -> Any:
        with _Translated(self.httpx, request):
            core = self._gateway._core
            answer = cast(Answer, core.wait(_call(self._gateway, request, request.read()), _seconds(request)))
        stream = None if answer.stream is None else self.body(answer.stream, request)
        return _response(self.httpx, answer, stream)


class _AsyncTransport(_Module):
    """Answers the requests of an `AsyncClient`."""

    body: type[Any]

    def __init__(self, gateway: Integrations) -> None:
        self._gateway = gateway

    async def handle_async_request(self, request: Any) -> Any:
        content = await request.aread()
        with _Translated(self.httpx, request):
            loop, call = self._gateway._loops.current(), _call(self._gateway, request, content)
            answer = cast(Answer, await loop.run(self._gateway._core, call, _seconds(request)))
        stream = None if answer.stream is None else self.body(self._gateway, answer.stream, request)
        return _response(self.httpx, answer, stream)


class _Translated:
    """Raises what the client knows instead of what the gateway says."""

    def __init__(self, httpx: Any, request: Any) -> None:
        self._httpx, self._request = httpx, request

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, failure: BaseException | None, _: object) -> None:
        if isinstance(failure, GatewayError):
            raise self._httpx.RemoteProtocolError(str(failure), request=self._request) from failure
        if isinstance(failure, TimeoutError):
            message = "nothing came within the client's read timeout"
            raise self._httpx.ReadTimeout(message, request=self._request) from failure


def _response(httpx: Any, answer: Answer, stream: Any) -> Any:
    content = {"content": answer.body or b""} if stream is None else {"stream": stream}
    return httpx.Response(answer.status, headers=answer.headers, extensions={"http_version": b"HTTP/1.1"}, **content)


def _call(gateway: Integrations, request: Any, body: bytes) -> Call:
    return gateway._core.http(request.method, request.url.raw_path, request.headers.raw, body)


def _seconds(request: Any) -> float | None:
    """How long the client waits for the next sign of an answer."""
    timeouts: dict[str, float | None] = request.extensions.get("timeout") or {}
    return timeouts.get("read")


def _cancel(stream: Stream) -> None:
    # A child of the process that opened the gateway has nothing to cancel.
    with contextlib.suppress(GatewayError):
        stream.cancel()
