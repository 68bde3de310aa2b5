"""The event loops that a gateway is used on. Imports asyncio when there is one: programs that wait need none of it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

    from ._loop import Loop

A = TypeVar("A")
T = TypeVar("T")


async def elsewhere(call: Callable[[A], T], argument: A) -> T:
    """What waits for the store, or for clients: not on the event loop."""
    import asyncio

    return await asyncio.to_thread(call, argument)


class Loops:
    """What waits on each event loop, for as long as the loop lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Loop] = weakref.WeakKeyDictionary()

    def current(self) -> Loop:
        """That of the running loop."""
        import asyncio

        from ._loop import Loop

        running = asyncio.get_running_loop()
        with self._lock:
            loop = self._loops.get(running)
            if loop is None:
                loop = self._loops[running] = Loop(running)
            return loop
