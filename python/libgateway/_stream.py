"""Streamed answers, as iterators that are context managers. Leaving one before its end cancels the call upstream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Generic, Literal, TypeVar

from ._errors import error, headers_of
from ._json import decode_events
from ._loops import Loops
from ._native import Answer, Call, Gateway
from ._native import Stream as NativeStream

T = TypeVar("T")

#: How a stream is read: as JSON, as the bytes of each event, or as bytes in the pieces they arrive in.
Raw = Literal[False, "events", "bytes"]


def decoder(raw: Raw) -> Callable[[list[bytes]], list[Any]]:
    return list if raw else decode_events


class Head:
    """What is known of a stream before its first event."""

    _answer: Answer | None = None

    @property
    def status(self) -> int:
        """The provider's status."""
        return self._head.status

    @property
    def headers(self) -> dict[str, str]:
        """The provider's headers that are the caller's business, names in lower case."""
        return headers_of(self._head.headers)

    @property
    def provider(self) -> str | None:
        """Who answers."""
        return self._head.provider

    @property
    def trace_id(self) -> str | None:
        """The trace of the request; it is recorded when the stream ends."""
        return self._head.trace_id

    @property
    def _head(self) -> Answer:
        if self._answer is None:
            raise error("invalid_request", "the stream is not open yet; await it, or begin to read it")
        return self._answer

    @property
    def _stream(self) -> NativeStream:
        stream = self._head.stream
        if stream is None:
            raise error("internal", "the answer is no stream")
        return stream


class Stream(Head, Generic[T]):
    """A streamed answer: an iterator over its events, and a context manager.

    `with gateway.chat_stream(...) as stream:` ends the call upstream however the block is left.
    """

    def __init__(self, answer: Answer, decode: Callable[[list[bytes]], list[T]]) -> None:
        self._answer = answer
        self._decode = decode
        self._source: NativeStream | None = self._stream
        # The next one last: popping from the end moves nothing.
        self._ready: list[T] = []

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        while not self._ready:
            self._fill()
        return self._ready.pop()

    def _fill(self) -> None:
        if self._source is None:
            raise StopIteration
        try:
            batch = self._source.next()
            ready = [] if batch is None else self._decode(batch)
        except BaseException:
            self.close()
            raise
        if batch is None:
            self._source = None
        ready.reverse()
        self._ready = ready

    def close(self) -> None:
        """Ends the call upstream; after its end, nothing happens."""
        source, self._source, self._ready = self._source, None, []
        if source is not None:
            source.cancel()

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncStream(Head, Generic[T]):
    """A streamed answer for asyncio. It is opened by whatever comes first: `await`, `async with` or `async for`.

    `async with gateway.chat_stream(...) as stream:` ends the call upstream however the block is left.
    """

    def __init__(self, loops: Loops, gateway: Gateway, call: Call, decode: Callable[[list[bytes]], list[T]]) -> None:
        self._loops = loops
        self._gateway = gateway
        self._call: Call | None = call
        self._decode = decode
        self._source: NativeStream | None = None
        self._ready: list[T] = []

    def __await__(self) -> Generator[Any, None, AsyncStream[T]]:
        return self._open().__await__()

    async def _open(self) -> AsyncStream[T]:
        call, self._call = self._call, None
        if call is not None:
            answer = await self._loops.current().run(self._gateway, call)
            assert isinstance(answer, Answer)
            self._answer = answer
            self._source = self._stream
        return self

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            await self._fill()
        return self._ready.pop()

    async def _fill(self) -> None:
        if self._call is not None:
            await self._open()
        if self._source is None:
            raise StopAsyncIteration
        try:
            batch = self._source.take()
            if batch == []:
                await self._loops.current().readable(self._source)
                return
            ready = [] if batch is None else self._decode(batch)
        except BaseException:
            await self.aclose()
            raise
        if batch is None:
            self._source = None
        ready.reverse()
        self._ready = ready

    async def aclose(self) -> None:
        """Ends the call upstream; after its end, nothing happens."""
        source, self._source, self._call, self._ready = self._source, None, None, []
        if source is not None:
            source.cancel()

    async def __aenter__(self) -> AsyncStream[T]:
        return await self._open()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
