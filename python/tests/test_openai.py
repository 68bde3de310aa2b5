"""The official SDK over the transports, with no socket between it and the gateway. It knows nothing of libgateway: what it
raises and returns is its own."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import openai
import pydantic
import pytest
from support import HELLO, PERSONA, Upstream

import libgateway

MESSAGES: Any = [{"role": "user", "content": "Hello"}]
HANGS = {"body": {"stream": ["a", "b"]}, "end": {"hang_after": 400}}


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def module(request: pytest.FixtureRequest) -> types.ModuleType:
    found: types.ModuleType = request.param
    return found


@pytest.fixture
def client(gateway: libgateway.Gateway, secret: str, module: types.ModuleType) -> Iterator[openai.OpenAI]:
    http_client = gateway.httpx_client(httpx=module)
    with openai.OpenAI(api_key=secret, base_url="http://libgateway/v1", http_client=http_client) as client:
        yield client


def test_a_chat(client: openai.OpenAI, gateway: libgateway.Gateway, upstream: Upstream) -> None:
    completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert completion.choices[0].message.content == PERSONA
    assert completion.usage is not None
    # The gateway's key and the SDK's own headers stay inside.
    headers = {name.lower(): value for name, value in upstream.requests()[0]["headers"]}
    assert headers["authorization"] == "Bearer sk-test"
    assert not [name for name in headers if name.startswith(("x-stainless", "x-gateway", "user-agent"))]
    gateway.flush()
    trace = gateway.list_traces("acme")["traces"][0]
    assert trace["status_class"] == "ok"
    assert gateway.get_trace("acme", trace["id"])["api_key_id"] == gateway.list_api_keys("acme")[0]["id"]


def test_a_stream(client: openai.OpenAI, gateway: libgateway.Gateway) -> None:
    stream = client.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == PERSONA
    assert chunks[-1].usage is not None
    with client.chat.completions.stream(model="gpt-4o", messages=MESSAGES) as events:
        assert [event.type for event in events][-1] == "content.done"
        assert events.get_final_completion().choices[0].message.content == PERSONA
    gateway.flush()
    assert [trace["stream"] for trace in gateway.iter_traces("acme")] == [True, True]


def test_a_stream_that_is_left_is_cancelled_upstream(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.load(HANGS)
    with client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True) as stream:
        next(stream)
    upstream.wait(closed=0)


def test_responses(client: openai.OpenAI) -> None:
    assert client.responses.create(model="gpt-4o", input="Hello").output_text == PERSONA
    events = list(client.responses.create(model="gpt-4o", input="Hello", stream=True))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")


def test_embeddings_and_models(client: openai.OpenAI) -> None:
    # The SDK asks for base64 and decodes it.
    answer = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=4)
    assert [len(one.embedding) for one in answer.data] == [4, 4]
    assert "gpt-4o" in [model.id for model in client.models.list()]


def test_tools_and_images_pass_as_they_are(client: openai.OpenAI, upstream: Upstream) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    upstream.load({"body": {"json": {**answer, "choices": [choice]}}})
    image: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 20_000}}
    messages: Any = [{"role": "user", "content": [{"type": "text", "text": "Where?"}, image]}]
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    completion = client.chat.completions.create(model="gpt-4o", messages=messages, tools=tools)
    calls = completion.choices[0].message.tool_calls or []
    assert calls[0].to_dict() == call
    sent = upstream.requests()[0]["body"]
    assert "A" * 20_000 in sent
    assert '"weather"' in sent


def test_parse(client: openai.OpenAI, upstream: Upstream) -> None:
    class City(pydantic.BaseModel):
        name: str

    upstream.load({"body": {"chat": '{"name": "Ulm"}'}})
    completion = client.chat.completions.parse(model="gpt-4o", messages=MESSAGES, response_format=City)
    assert completion.choices[0].message.parsed == City(name="Ulm")


def test_the_raw_response_has_the_gateways_headers(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=MESSAGES, extra_headers={"x-request-id": "r-1", "x-gateway-user-id": "u-1"}
    )
    assert raw.headers["x-gateway-provider"] == "openai"
    assert raw.headers["x-request-id"] == "r-1"
    assert raw.parse().choices[0].message.content == PERSONA
    with client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=MESSAGES) as streamed:
        assert b"".join(streamed.iter_bytes()).startswith(b"{")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
def test_errors_are_the_sdks_own(
    client: openai.OpenAI, upstream: Upstream, status: int, kind: type[openai.APIStatusError]
) -> None:
    error = {"message": "no", "type": "t", "param": "p", "code": "c"}
    upstream.load(fallback={"status": status, "body": {"json": {"error": error}}})
    with pytest.raises(kind) as caught:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.body) == (status, error)
    # The gateway has retried, and has told the SDK not to.
    assert len(upstream.requests()) == (3 if status in (429, 500) else 1)


def test_a_wrong_key_is_the_sdks_own_error(gateway: libgateway.Gateway, module: types.ModuleType) -> None:
    client = openai.OpenAI(
        api_key="gwk_wrong", base_url="http://libgateway/v1", http_client=gateway.httpx_client(httpx=module)
    )
    with pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize("stream", [False, True])
def test_the_sdks_timeout_is_a_deadline(client: openai.OpenAI, upstream: Upstream, stream: bool) -> None:
    upstream.load(fallback=HANGS if stream else {"before_headers": "hang"})
    impatient = client.with_options(timeout=0.2, max_retries=0)
    if stream:
        chunks = impatient.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        with pytest.raises((openai.APITimeoutError, httpx.ReadTimeout, httpx2.ReadTimeout)):
            list(chunks)
    else:
        with pytest.raises(openai.APITimeoutError):
            impatient.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    upstream.wait(closed=0)


def test_a_closed_gateway_is_a_connection_error(gateway: libgateway.Gateway, client: openai.OpenAI) -> None:
    gateway.close()
    with pytest.raises(openai.APIError):
        client.with_options(max_retries=0).models.list()


async def awaited(gateway: libgateway.Gateway, secret: str, module: types.ModuleType, upstream: Upstream) -> None:
    http_client = gateway.httpx_async_client(httpx=module)
    async with openai.AsyncOpenAI(api_key=secret, base_url="http://libgateway/v1", http_client=http_client) as client:
        completion = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert completion.choices[0].message.content == PERSONA
        stream = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        chunks = [chunk async for chunk in stream]
        assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == PERSONA
        assert (await client.responses.create(model="gpt-4o", input="Hello")).output_text == PERSONA
        assert len((await client.embeddings.create(model="m", input="a")).data) == 1
        assert [model.id async for model in client.models.list()]
        async with client.chat.completions.with_streaming_response.create(model="gpt-4o", messages=MESSAGES) as raw:
            assert b"chat.completion" in await raw.read()

        upstream.reset()
        upstream.load(fallback={"before_headers": "hang"})
        with pytest.raises(openai.APITimeoutError):
            await client.with_options(timeout=0.1, max_retries=0).chat.completions.create(model="m", messages=MESSAGES)
        await asyncio.to_thread(upstream.wait, closed=0)

        task = asyncio.ensure_future(client.chat.completions.create(model="m", messages=MESSAGES))
        await asyncio.to_thread(upstream.wait, requests=2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(upstream.wait, closed=1)

        upstream.reset()
        upstream.load(HANGS)
        stream = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        await anext(stream)
        await stream.close()
        await asyncio.to_thread(upstream.wait, closed=0)

        upstream.reset()
        upstream.load(fallback={"status": 429})
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model="m", messages=MESSAGES)


def test_the_same_in_asyncio(
    gateway: libgateway.Gateway, secret: str, module: types.ModuleType, upstream: Upstream
) -> None:
    asyncio.run(awaited(gateway, secret, module, upstream))


def test_the_transport_that_is_installed_is_found(gateway: libgateway.Gateway, secret: str) -> None:
    assert isinstance(gateway.httpx_transport(), httpx.BaseTransport)
    assert isinstance(gateway.httpx_async_transport(), httpx.AsyncBaseTransport)
    assert isinstance(gateway.httpx_transport(httpx=httpx2), httpx2.BaseTransport)
    with httpx.Client(transport=gateway.httpx_transport(), base_url="http://anywhere") as client:
        response = client.post("/v1/chat/completions", json=HELLO, headers={"authorization": f"Bearer {secret}"})
        assert (response.status_code, response.http_version) == (200, "HTTP/1.1")
        assert client.get("/v1/traces?limit=0").status_code == 401
        assert client.get("/nowhere").json()["error"]["code"] == "unknown_operation"
