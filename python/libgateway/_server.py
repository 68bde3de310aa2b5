"""What `gateway.serve()` gives back: a server for clients outside the process. It runs on a thread of the library's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._loops import elsewhere

if TYPE_CHECKING:
    from typing_extensions import Self

    from . import _native


class Listening:
    """A server that listens."""

    def __init__(self, server: _native.Server, *, tls: bool) -> None:
        self._server = server
        #: Where it listens, such as `127.0.0.1:8080`.
        self.address: str = server.address
        #: What clients take as their base URL, without the `/v1` of OpenAI's SDKs.
        self.url: str = f"{'https' if tls else 'http'}://{self.address}"

    def __repr__(self) -> str:
        return f"<libgateway.{type(self).__name__} {self.url}>"


class Server(Listening):
    """A server that a `Gateway` began: closed by `close`, by leaving its `with`, and with the gateway."""

    def close(self, *, timeout: float = 10.0) -> None:
        """Takes no new connection, lets requests and streams end for `timeout` seconds at most, and ends."""
        self._server.shutdown(round(timeout * 1000))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncServer(Listening):
    """A server that an `AsyncGateway` began: closed by `close`, by leaving its `async with`, and with the gateway."""

    async def close(self, *, timeout: float = 10.0) -> None:
        """Takes no new connection, lets requests and streams end for `timeout` seconds at most, and ends."""
        await elsewhere(self._server.shutdown, round(timeout * 1000))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
