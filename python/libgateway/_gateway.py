"""`Gateway` and `AsyncGateway`: opening, closing, and what plugs into other libraries."""

from __future__ import annotations

import atexit
import contextlib
import json
import weakref
from collections.abc import Generator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from . import _native
from ._async_operations import AsyncOperations
from ._calls import Calls
from ._errors import GatewayError
from ._json import encode
from ._loops import elsewhere
from ._operations import Operations

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._asgi import Asgi
    from ._server import AsyncServer, Server
    from .types import Config, FlushReport, ServeConfig


class Integrations(Calls):
    """What both gateways have: the configuration, and adapters for other libraries. Their requests carry an API key, as
    they would to a server, and go through no socket."""

    def __init__(self, config: Config | None, settings: Config) -> None:
        super().__init__()
        merged: Mapping[str, Any] = {**(config or {}), **settings}
        self._config = encode({name: value for name, value in merged.items() if value is not None}).decode()

    def __repr__(self) -> str:
        return f"<libgateway.{type(self).__name__} {'open' if self._opened else 'not open'}>"

    def httpx_transport(self, *, httpx: ModuleType | None = None) -> Any:
        """A transport for `httpx.Client`, of the `httpx` that is installed or of `httpx2`; say which with `httpx`."""
        from ._httpx import transports

        return transports(httpx).Transport(self)

    def httpx_async_transport(self, *, httpx: ModuleType | None = None) -> Any:
        """A transport for `httpx.AsyncClient`."""
        from ._httpx import transports

        return transports(httpx).AsyncTransport(self)

    def httpx_client(self, *, httpx: ModuleType | None = None, **settings: Any) -> Any:
        """An `httpx.Client` whose requests the gateway answers: `openai.OpenAI(http_client=gateway.httpx_client())`."""
        from ._httpx import client

        return client(self, httpx, settings)

    def httpx_async_client(self, *, httpx: ModuleType | None = None, **settings: Any) -> Any:
        """An `httpx.AsyncClient` whose requests the gateway answers."""
        from ._httpx import async_client

        return async_client(self, httpx, settings)

    def asgi(self) -> Asgi:
        """An ASGI application with the gateway's HTTP API: `app.mount("/llm", gateway.asgi())`."""
        from ._asgi import Asgi

        return Asgi(self)

    def _opened_as(self, opened: _native.Gateway) -> None:
        self._opened = opened
        self._at_exit = _close_at_exit(self)

    def _closing(self) -> _native.Gateway:
        atexit.unregister(self._at_exit)
        return self._core


class Gateway(Integrations, Operations):
    """An open gateway, for programs that wait for their calls. It may be used from many threads at once.

    with libgateway.Gateway(store="sqlite:gateway.db", master_key=key) as gateway:
        reply = gateway.chat("acme", model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])
    """

    def __init__(self, config: Config | None = None, /, **settings: Unpack[Config]) -> None:
        super().__init__(config, settings)
        self._opened_as(_native.Gateway.open(self._config))

    def close(self, *, timeout: float = 10.0) -> FlushReport:
        """Waits until all traces are in the store, for `timeout` seconds at most, and ends. Streams that are open end."""
        return cast("FlushReport", json.loads(self._closing().close(round(timeout * 1000))))

    def serve(self, **settings: Unpack[ServeConfig]) -> Server:
        """Begins to serve clients outside the process, at `address`: `127.0.0.1:8080` unless told otherwise, a free port
        for port 0. `tls={"certificate": "cert.pem", "key": "key.pem"}` makes it HTTPS; other addresses than loopback are to
        have it."""
        from ._server import Server

        return Server(self._core.serve(json.dumps(settings)), tls="tls" in settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncGateway(Integrations, AsyncOperations):
    """A gateway for asyncio. It opens when it is entered or awaited, and may be used on several event loops.

    async with libgateway.AsyncGateway(store="sqlite:gateway.db", master_key=key) as gateway:
        reply = await gateway.chat("acme", model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])
    """

    def __init__(self, config: Config | None = None, /, **settings: Unpack[Config]) -> None:
        super().__init__(config, settings)

    async def _open(self) -> Self:
        if self._opened is None:
            self._opened_as(await elsewhere(_native.Gateway.open, self._config))
        return self

    async def close(self, *, timeout: float = 10.0) -> FlushReport:
        """Waits until all traces are in the store, for `timeout` seconds at most, and ends. Streams that are open end."""
        report = await elsewhere(self._closing().close, round(timeout * 1000))
        return cast("FlushReport", json.loads(report))

    async def serve(self, **settings: Unpack[ServeConfig]) -> AsyncServer:
        """Begins to serve clients outside the process, at `address`: `127.0.0.1:8080` unless told otherwise, a free port
        for port 0. `tls={"certificate": "cert.pem", "key": "key.pem"}` makes it HTTPS; other addresses than loopback are to
        have it."""
        from ._server import AsyncServer

        return AsyncServer(await elsewhere(self._core.serve, json.dumps(settings)), tls="tls" in settings)

    def __await__(self) -> Generator[Any, None, Self]:
        return self._open().__await__()

    async def __aenter__(self) -> Self:
        return await self._open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _AtExit:
    """Writes what traces are left when the interpreter ends, if nobody has closed the gateway."""

    SECONDS = 2

    def __init__(self, gateway: Integrations) -> None:
        self._gateway = weakref.ref(gateway, lambda _: atexit.unregister(self))

    def __call__(self) -> None:
        gateway = self._gateway()
        if gateway is not None:
            # There is nobody left to tell; a child of the process that opened it has nothing to close.
            with contextlib.suppress(GatewayError):
                gateway._core.close(self.SECONDS * 1000)


def _close_at_exit(gateway: Integrations) -> _AtExit:
    hook = _AtExit(gateway)
    atexit.register(hook)
    return hook
