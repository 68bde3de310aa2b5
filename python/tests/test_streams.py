"""Streams: what they yield, and that leaving one ends the call upstream."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest
from support import HELLO, PERSONA, Upstream

import libgateway

#: A stream that says something, and then nothing until the client leaves.
HANGS = {"body": {"stream": ["Hel", "lo"]}, "end": {"hang_after": 300}}


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


def test_a_stream_yields_dicts_and_knows_its_trace(gateway: libgateway.Gateway) -> None:
    stream = gateway.chat_stream("acme", HELLO)
    assert (stream.status, stream.provider, stream.headers["content-type"]) == (200, "openai", "text/event-stream")
    assert text_of(list(stream)) == PERSONA
    assert list(stream) == []
    gateway.flush()
    assert gateway.get_trace("acme", stream.trace_id or "")["stream"]


def test_a_stream_yields_bytes_when_asked(gateway: libgateway.Gateway) -> None:
    raw = b"".join(gateway.chat_stream("acme", HELLO, raw="bytes"))
    assert raw.endswith(b"data: [DONE]\n\n")
    events = list(gateway.chat_stream("acme", HELLO, raw="events"))
    assert raw.count(b"data: ") == len(events) + 1
    assert all(event.startswith(b"{") for event in events)


def test_leaving_the_block_ends_the_call_upstream(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    upstream.load(HANGS)
    with gateway.chat_stream("acme", HELLO) as stream:
        assert next(stream)["choices"]
    upstream.wait(closed=0)
    assert list(stream) == []


@pytest.mark.parametrize("leave", ["close", "collect", "collect_cycle"])
def test_a_half_read_stream_ends_with_whoever_held_it(
    gateway: libgateway.Gateway, upstream: Upstream, leave: str
) -> None:
    upstream.load(HANGS)
    stream: Any = gateway.chat_stream("acme", HELLO)
    next(stream)
    if leave == "close":
        stream.close()
        stream.close()
    elif leave == "collect":
        del stream
    else:
        stream.itself = stream
        del stream
        gc.collect()
    upstream.wait(closed=0)
    gateway.flush()
    assert gateway.list_traces("acme")["traces"][0]["status_class"] == "cancelled"


def test_a_stream_that_breaks_says_so_once(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    upstream.load({"body": {"stream": ["Hel", "lo"]}, "end": {"reset_after": 400}})
    stream = gateway.chat_stream("acme", HELLO)
    with pytest.raises(libgateway.UpstreamConnectionError) as caught:
        list(stream)
    assert caught.value.code == "upstream_disconnected"
    assert list(stream) == []


def test_an_event_that_is_no_json_is_the_providers_fault(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    upstream.load({"body": {"sse": {"events": ["data: {broken\n\n"], "done": True}}})
    with pytest.raises(libgateway.UpstreamError) as caught:
        list(gateway.chat_stream("acme", HELLO))
    assert (caught.value.code, caught.value.body) == ("upstream_invalid_response", b"{broken")


def test_events_of_several_lines_are_one_dict(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    events = ['data: {"a":\ndata: 1}\n\n', 'data:  {"b": 2} \n\n', "data: [1,\ndata: 2]\n\n"]
    upstream.load({"body": {"sse": {"events": events, "done": True}}})
    assert list(gateway.chat_stream("acme", HELLO)) == [{"a": 1}, {"b": 2}, [1, 2]]


def test_a_request_with_a_stream_of_its_own_provider(gateway: libgateway.Gateway) -> None:
    provider = gateway.get_provider_for_tenant("acme")
    with provider.chat_stream(HELLO) as stream:
        assert text_of(list(stream)) == PERSONA
    kinds = [event["type"] for event in gateway.responses_stream("acme", model="gpt-4o", input="Hello")]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")


def test_a_stream_is_read_from_another_thread_than_it_was_opened_on(gateway: libgateway.Gateway) -> None:
    stream = gateway.chat_stream("acme", HELLO)
    read: list[dict[str, Any]] = []
    reader = threading.Thread(target=lambda: read.extend(stream))
    reader.start()
    reader.join(30)
    assert text_of(read) == PERSONA


def test_an_async_stream_is_opened_by_whatever_comes_first(config: Any, upstream: Upstream) -> None:
    async def main() -> None:
        async with libgateway.AsyncGateway(config) as gateway:
            await gateway.create_tenant("acme", provider=upstream.provider())
            assert text_of([chunk async for chunk in gateway.chat_stream("acme", HELLO)]) == PERSONA
            async with gateway.chat_stream("acme", HELLO) as stream:
                assert text_of([chunk async for chunk in stream]) == PERSONA
            unopened = gateway.chat_stream("acme", HELLO)
            with pytest.raises(libgateway.InvalidRequestError, match="not open yet"):
                _ = unopened.trace_id
            opened = await unopened
            assert opened is unopened
            assert opened.trace_id
            assert text_of([chunk async for chunk in opened]) == PERSONA
            raw = gateway.chat_stream("acme", HELLO, raw="bytes")
            assert b"".join([piece async for piece in raw]).endswith(b"[DONE]\n\n")

    asyncio.run(main())


@pytest.mark.parametrize("leave", ["block", "aclose", "collect", "cancel", "wait_for"])
def test_leaving_an_async_stream_ends_the_call_upstream(config: Any, upstream: Upstream, leave: str) -> None:
    async def main() -> None:
        async with libgateway.AsyncGateway(config) as gateway:
            await gateway.create_tenant("acme", provider=upstream.provider())
            stream = await gateway.chat_stream("acme", HELLO)
            await anext(stream)
            if leave == "block":
                async with stream:
                    pass
            elif leave == "aclose":
                await stream.aclose()
            elif leave == "collect":
                del stream
            elif leave == "cancel":
                task = asyncio.ensure_future(_to_the_end(stream))
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(_to_the_end(stream), 0.05)
            await asyncio.to_thread(upstream.wait, closed=0)
            await gateway.flush()
            assert (await gateway.list_traces("acme"))["traces"][0]["status_class"] == "cancelled"

    upstream.load(HANGS)
    asyncio.run(main())


async def _to_the_end(stream: libgateway.AsyncStream[Any]) -> None:
    async for _ in stream:
        pass


def test_all_that_is_ready_comes_in_one_hop(config: Any, upstream: Upstream) -> None:
    """A stream that is there at once is looked at a few times, not once for each of its chunks."""

    async def main() -> tuple[int, int]:
        async with libgateway.AsyncGateway(config) as gateway:
            await gateway.create_tenant("acme", provider=upstream.provider())
            stream = await gateway.chat_stream("acme", HELLO)
            looks, fill = 0, stream._fill

            async def counted() -> None:
                nonlocal looks
                looks += 1
                await fill()

            stream._fill = counted  # type: ignore[method-assign]
            return len([chunk async for chunk in stream]), looks

    upstream.load({"body": {"stream": ["a"] * 1000}, "split": "whole"})
    chunks, looks = asyncio.run(main())
    assert chunks > 1000
    assert looks < 100, f"{looks} looks for {chunks} chunks"
