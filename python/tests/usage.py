"""A user's code, which type checkers read and nobody runs: what is typed wrongly here is wrong in the package."""

import datetime
from typing import Any

from typing_extensions import assert_type

import libgateway
from libgateway import types


def waiting(config: types.Config) -> None:
    with libgateway.Gateway(config, capture="metadata") as gateway:
        assert_type(gateway, libgateway.Gateway)
        tenant = gateway.create_tenant("acme", provider={"kind": "mock"}, retention={"days": 30})
        assert_type(tenant, types.Tenant)
        reply = gateway.chat("acme", model="gpt-4o", messages=[], options={"user_id": "u-1"})
        assert_type(reply, libgateway.Reply)
        assert_type(reply.text, str | None)
        with gateway.chat_stream("acme", {"model": "gpt-4o"}) as stream:
            assert_type(stream, libgateway.Stream[dict[str, Any]])
            for chunk in stream:
                assert_type(chunk, dict[str, Any])
        for piece in gateway.chat_stream("acme", b"{}", raw="bytes"):
            assert_type(piece, bytes)
        page = gateway.list_traces(
            "acme", limit=10, status_class="ok", since=datetime.datetime.now(datetime.timezone.utc)
        )
        assert_type(page["traces"][0]["status_class"], types.StatusClass)
        for trace in gateway.iter_traces("acme"):
            assert_type(trace, types.Trace)
        detail = gateway.get_trace("acme", page["traces"][0]["id"])
        assert_type(detail["usage"]["input_uncached"], int | None)
        summary = gateway.analytics("acme", bucket_minutes=5)
        assert_type(summary["from"], str)
        assert_type(summary["summary"]["p95_latency_ms"], float | None)
        assert_type(gateway.get_provider_for_tenant("acme"), libgateway.Provider)
        assert_type(gateway.create_api_key("acme", scopes=["infer"])["secret"], str)
        assert_type(gateway.close(), types.FlushReport)


async def awaiting(config: types.Config) -> None:
    async with libgateway.AsyncGateway(config) as gateway:
        assert_type(gateway, libgateway.AsyncGateway)
        assert_type(await gateway.chat("acme", model="gpt-4o", messages=[]), libgateway.Reply)
        async for chunk in gateway.chat_stream("acme", model="gpt-4o", messages=[]):
            assert_type(chunk, dict[str, Any])
        async with gateway.responses_stream("acme", b"{}", raw="events") as stream:
            assert_type(stream, libgateway.AsyncStream[bytes])
        assert_type(await gateway.chat_stream("acme", {"model": "m"}), libgateway.AsyncStream[dict[str, Any]])
        async for trace in gateway.iter_traces("acme", model="gpt-4o"):
            assert_type(trace["cost_usd"], str | None)
        provider = await gateway.get_provider_for_tenant("acme")
        assert_type(await provider.chat(model="gpt-4o", messages=[]), libgateway.Reply)
    assert_type(await libgateway.AsyncGateway(config), libgateway.AsyncGateway)


def failing(gateway: libgateway.Gateway) -> float:
    try:
        gateway.stats()
    except libgateway.RateLimitError as error:
        assert_type(error.retry_after, float | None)
        return error.retry_after or 1.0
    except libgateway.GatewayError as error:
        assert_type(error.body, bytes | None)
    return 0.0
