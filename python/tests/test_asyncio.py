"""Asyncio: cancelling a task ends its call, many calls share one hop, and every event loop is served."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support import HELLO, PERSONA, Upstream

import libgateway


@contextlib.asynccontextmanager
async def opened(config: Any, upstream: Upstream) -> AsyncIterator[libgateway.AsyncGateway]:
    async with libgateway.AsyncGateway(config) as gateway:
        await gateway.create_tenant("acme", provider=upstream.provider())
        yield gateway


@pytest.mark.parametrize("how", ["cancel", "wait_for"])
def test_a_cancelled_task_ends_its_call_upstream(config: Any, upstream: Upstream, how: str) -> None:
    async def main() -> None:
        async with opened(config, upstream) as gateway:
            if how == "wait_for":
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(gateway.chat("acme", HELLO), 0.2)
            else:
                task = asyncio.ensure_future(gateway.chat("acme", HELLO))
                await asyncio.to_thread(upstream.wait, requests=1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            await asyncio.to_thread(upstream.wait, closed=0)
            await gateway.flush()
            assert (await gateway.list_traces("acme"))["traces"][0]["status_class"] == "cancelled"
            # What was cancelled does not disturb what follows.
            upstream.reset()
            assert (await gateway.chat("acme", HELLO)).text == PERSONA

    upstream.load({"before_headers": "hang"})
    asyncio.run(main())


def test_a_call_that_is_cancelled_before_it_began_asks_nobody(config: Any, upstream: Upstream) -> None:
    async def main() -> None:
        async with opened(config, upstream) as gateway:
            task = asyncio.ensure_future(gateway.chat("acme", HELLO))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert upstream.requests() == []

    asyncio.run(main())


def test_200_calls_at_once(config: Any, upstream: Upstream) -> None:
    async def main() -> None:
        async with opened(config, upstream) as gateway:
            calls = [gateway.chat("acme", HELLO, user=str(number)) for number in range(200)]
            assert [reply.text for reply in await asyncio.gather(*calls)] == [PERSONA] * 200
            await gateway.flush()
            assert (await gateway.stats())["persisted"] == 200

    asyncio.run(main())


def test_the_event_loop_goes_on_while_calls_wait(config: Any, upstream: Upstream) -> None:
    async def main() -> None:
        async with opened(config, upstream) as gateway:
            call = asyncio.ensure_future(gateway.chat("acme", HELLO))
            beats = 0
            while not call.done():
                # The loop's own beat is what is looked at: nothing is waited for.
                await asyncio.sleep(0.005)
                beats += 1
            assert (await call).text == PERSONA
            assert beats > 5

    upstream.load({"delay_ms": 200})
    asyncio.run(main())


def test_one_gateway_serves_many_event_loops(config: Any, upstream: Upstream) -> None:
    """One after the other, and at once in threads of their own."""
    gateway = libgateway.AsyncGateway(config)

    async def once() -> None:
        await gateway
        assert (await gateway.chat("acme", HELLO)).text == PERSONA
        chunks = [chunk async for chunk in gateway.chat_stream("acme", HELLO)]
        assert chunks

    async def first() -> None:
        await (await gateway).create_tenant("acme", provider=upstream.provider())

    asyncio.run(first())
    for _ in range(3):
        asyncio.run(once())
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(once())
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    asyncio.run(gateway.close())


def test_an_event_loop_that_has_ended_is_kept_by_nobody(config: Any, upstream: Upstream) -> None:
    async def main(gateway: libgateway.AsyncGateway) -> weakref.ref[asyncio.AbstractEventLoop]:
        await gateway
        await gateway.stats()
        return weakref.ref(asyncio.get_running_loop())

    gateway = libgateway.AsyncGateway(config)
    loops = [asyncio.run(main(gateway)) for _ in range(3)]
    gc.collect()
    assert [loop() for loop in loops] == [None] * 3
    assert len(gateway._loops._loops) == 0
    asyncio.run(gateway.close())


def test_a_gateway_that_waits_may_be_used_beside_an_event_loop(gateway: libgateway.Gateway) -> None:
    """The transports and the ASGI application of either gateway work on event loops."""

    async def main() -> None:
        secret = gateway.create_api_key("acme")["secret"]
        async with gateway.httpx_async_client(headers={"x-api-key": secret}) as client:
            assert (await client.post("/chat/completions", json=HELLO)).json()["object"] == "chat.completion"

    asyncio.run(main())
