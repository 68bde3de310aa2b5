"""The gateway's HTTP API as an ASGI application, for FastAPI, Starlette and any ASGI server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from ._errors import GatewayError
from ._native import Answer, Stream

if TYPE_CHECKING:
    from ._gateway import Integrations

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: Headers that speak of one connection, and not of the request.
CONNECTION = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}


class Asgi:
    """An ASGI application. A client that leaves cancels its call, upstream too."""

    def __init__(self, gateway: Integrations) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await self._body(receive)
        if body is None:
            return
        headers = [(bytes(name), bytes(value)) for name, value in scope["headers"] if name not in CONNECTION]
        answering = asyncio.ensure_future(self._answer(scope["method"], _target(scope), headers, body, send))
        leaving = asyncio.ensure_future(_disconnect(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                # It raises what went wrong.
                answering.result()
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _body(self, receive: Receive) -> bytes | None:
        """The request's body; `None` when the client left. What is longer than allowed is cut, and refused as that."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            if size <= self._gateway._body_limit:
                parts.append(message.get("body", b""))
                size += len(parts[-1])
            if not message.get("more_body", False):
                return b"".join(parts)

    async def _answer(
        self, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes, send: Send
    ) -> None:
        call = self._gateway._core.http(method, target, headers, body)
        answer = cast(Answer, await self._gateway._loops.current().run(self._gateway._core, call))
        head = answer.headers
        if answer.stream is None:
            content = answer.body or b""
            head.append((b"content-length", str(len(content)).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": head})
            await send({"type": "http.response.body", "body": content})
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        await self._stream(answer.stream, send)

    async def _stream(self, stream: Stream, send: Send) -> None:
        loop = self._gateway._loops.current()
        try:
            while (pieces := stream.take()) is not None:
                if pieces:
                    await send({"type": "http.response.body", "body": b"".join(pieces), "more_body": True})
                else:
                    await loop.readable(stream)
        finally:
            with contextlib.suppress(GatewayError):
                stream.cancel()
        await send({"type": "http.response.body", "body": b""})


def _target(scope: Message) -> bytes:
    """Path and query below the place where the application is mounted, as the client wrote them where that is known."""
    raw = scope.get("raw_path")
    path = raw.partition(b"?")[0] if raw else quote(scope["path"]).encode()
    root = quote(scope.get("root_path", "")).encode().rstrip(b"/")
    if root and (path == root or path.startswith(root + b"/")):
        path = path[len(root) :]
    query = scope.get("query_string", b"")
    return cast(bytes, (path or b"/") + (b"?" + query if query else b""))


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
