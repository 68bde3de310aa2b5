"""Where asyncio and the gateway's threads meet: one queue and one descriptor for each event loop. The threads never wait
for the interpreter, and everything that has ended meanwhile is taken in one go."""

from __future__ import annotations

import asyncio
from typing import Any

from ._native import Answer, Call, Completions, Gateway, Provider, Stream


class Loop:
    """What waits on one event loop. It does not keep the loop alive."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._completions = Completions()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        loop.add_reader(self._completions.fileno(), self._drain)

    def _drain(self) -> None:
        for token, answer, failure in self._completions.drain():
            future = self._waiting.get(token)
            if future is None or future.done():
                continue
            if failure is not None:
                future.set_exception(failure)
            else:
                future.set_result(answer)

    async def run(self, gateway: Gateway, call: Call, seconds: float | None = None) -> bytes | Answer | Provider:
        """Runs a call. It is cancelled when the task is, and after `seconds` with a `TimeoutError`."""
        token, future = self._expect()
        started = gateway.start(call, self._completions, token)
        try:
            answer: bytes | Answer | Provider = await self._within(future, seconds)
            return answer
        except BaseException:
            started.cancel()
            raise
        finally:
            del self._waiting[token]

    async def readable(self, stream: Stream, seconds: float | None = None) -> None:
        """Waits until the stream has something to take; after `seconds` there is a `TimeoutError`."""
        token, future = self._expect()
        try:
            stream.wake(self._completions, token)
            await self._within(future, seconds)
        finally:
            del self._waiting[token]

    def _expect(self) -> tuple[int, asyncio.Future[Any]]:
        self._last += 1
        future = self._waiting[self._last] = asyncio.get_running_loop().create_future()
        return self._last, future

    @staticmethod
    async def _within(future: asyncio.Future[Any], seconds: float | None) -> Any:
        """The result of a future. A timer costs less than `asyncio.wait_for`, which makes a task."""
        if seconds is None:
            return await future
        timer = asyncio.get_running_loop().call_later(seconds, _time_out, future)
        try:
            return await future
        finally:
            timer.cancel()


def _time_out(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_exception(TimeoutError("the call took longer than its timeout"))
