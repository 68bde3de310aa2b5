"""The gateway's HTTP API as an ASGI application, for FastAPI, Starlette and any ASGI server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from ._errors import GatewayError
from ._native import Answer, Call, Provider, Stream

if TYPE_CHECKING:
    from ._gateway import Integrations

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
#: Method, target and headers.
Head = tuple[str, bytes, list[tuple[bytes, bytes]]]

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
        headers = [(bytes(name), bytes(value)) for name, value in scope["headers"] if name not in CONNECTION]
        head = (scope["method"], _target(scope), headers)
        with contextlib.suppress(_LeftError):
            await self._answer(head, receive, send)

    async def _answer(self, head: Head, receive: Receive, send: Send) -> None:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body = message.get("body", b"")
        if message.get("more_body", False):
            # What has come is in memory anyway; more is read only for those who may ask.
            admitted = await self._run(self._gateway._core.admit(*head))
            if isinstance(admitted, Answer):
                await _send_whole(admitted, send)
                return
            body = await _rest(receive, body, int(cast(bytes, admitted)))
        leaving = asyncio.ensure_future(_disconnect(receive))
        answering = asyncio.ensure_future(self._call(self._gateway._core.http(*head, body), send))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                # It raises what went wrong.
                answering.result()
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _call(self, call: Call, send: Send) -> None:
        answer = cast(Answer, await self._run(call))
        if answer.stream is None:
            await _send_whole(answer, send)
        else:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await self._send_stream(answer.stream, send)

    async def _send_stream(self, stream: Stream, send: Send) -> None:
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

    async def _run(self, call: Call) -> bytes | Answer | Provider:
        return await self._gateway._loops.current().run(self._gateway._core, call)


async def _send_whole(answer: Answer, send: Send) -> None:
    content = answer.body or b""
    headers = [*answer.headers, (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _rest(receive: Receive, begun: bytes, limit: int) -> bytes:
    """The whole body. Of one that is longer than it may be, no more than shows that."""
    parts, size, more = [begun], len(begun), True
    while more and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _LeftError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


class _LeftError(Exception):
    """The client left before its request was complete."""


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
