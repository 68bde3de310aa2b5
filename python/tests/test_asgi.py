"""The ASGI application: mounted in FastAPI and Starlette, behind a server, and left by its clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import fastapi
import httpx
import openai
import pytest
import starlette.applications
import starlette.routing
import uvicorn
from support import HELLO, PERSONA, Upstream

import libgateway

HANGS = {"body": {"stream": ["a", "b"]}, "end": {"hang_after": 400}}


def mounted(gateway: Any, framework: str) -> Any:
    if framework == "bare":
        return gateway.asgi()
    if framework == "fastapi":
        application = fastapi.FastAPI()
        application.mount("/llm", gateway.asgi())
        return application
    return starlette.applications.Starlette(routes=[starlette.routing.Mount("/llm", app=gateway.asgi())])


@pytest.mark.parametrize("framework", ["bare", "fastapi", "starlette"])
def test_an_application_answers_below_its_mount(gateway: libgateway.Gateway, secret: str, framework: str) -> None:
    root = "" if framework == "bare" else "/llm"

    async def main() -> None:
        transport = httpx.ASGITransport(mounted(gateway, framework))
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            reply = await client.post(f"{root}/v1/chat/completions", json=HELLO, headers={"x-api-key": secret})
            assert reply.json()["choices"][0]["message"]["content"] == PERSONA
            assert int(reply.headers["content-length"]) == len(reply.content)
            refused = await client.get(f"{root}/v1/models")
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "missing_api_key")
            page = await client.get(f"{root}/v1/traces?limit=x", headers={"x-api-key": secret})
            assert page.status_code == 403
            odd = await client.get(f"{root}/v1/admin/tenants/a%2Fb", headers={"x-api-key": secret})
            assert odd.status_code == 403

    asyncio.run(main())


def test_a_body_that_is_too_large_is_refused(config: Any, upstream: Upstream) -> None:
    async def main(gateway: libgateway.Gateway, secret: str) -> None:
        transport = httpx.ASGITransport(gateway.asgi())
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            body = json.dumps({**HELLO, "user": "x" * 2000})
            reply = await client.post("/v1/chat/completions", content=body, headers={"x-api-key": secret})
            assert (reply.status_code, reply.json()["error"]["code"]) == (413, "body_too_large")

    with libgateway.Gateway(config, limits={"body_bytes": 1000}) as gateway:
        gateway.create_tenant("acme", provider=upstream.provider())
        asyncio.run(main(gateway, gateway.create_api_key("acme")["secret"]))
    assert upstream.requests() == []


@pytest.mark.parametrize(("key", "status"), [("wrong", 401), ("right", 413), ("right", 200)])
def test_a_body_is_read_only_for_those_who_may_ask(config: Any, upstream: Upstream, key: str, status: int) -> None:
    limit = 100_000 if status == 200 else 1000
    with libgateway.Gateway(config, limits={"body_bytes": limit}) as gateway:
        gateway.create_tenant("acme", provider=upstream.provider())
        secret = gateway.create_api_key("acme")["secret"] if key == "right" else "gwk_wrong"
        whole = json.dumps({**HELLO, "user": "x" * 2000}).encode()
        pieces = [whole[at : at + 420] for at in range(0, len(whole), 420)]
        received, sent = 0, []

        async def receive() -> Any:
            nonlocal received
            if received == len(pieces):
                await asyncio.Event().wait()
            received += 1
            return {"type": "http.request", "body": pieces[received - 1], "more_body": received < len(pieces)}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"x-api-key", secret.encode())]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completions",
            "query_string": b"",
            "headers": headers,
        }
        asyncio.run(gateway.asgi()(scope, receive, send))
        assert sent[0]["status"] == status
        assert received == (1 if status == 401 else len(pieces))


@contextlib.contextmanager
def served(application: Any) -> Iterator[str]:
    """A real server on a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", ws="none", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


@pytest.mark.parametrize("framework", ["bare", "fastapi"])
def test_the_sdk_talks_to_a_server_with_it(gateway: libgateway.Gateway, secret: str, framework: str) -> None:
    root = "" if framework == "bare" else "/llm"
    with (
        served(mounted(gateway, framework)) as url,
        openai.OpenAI(api_key=secret, base_url=f"{url}{root}/v1") as client,
    ):
        messages: Any = HELLO["messages"]
        completion = client.chat.completions.create(model="gpt-4o", messages=messages)
        assert completion.choices[0].message.content == PERSONA
        chunks = list(client.chat.completions.create(model="gpt-4o", messages=messages, stream=True))
        assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == PERSONA


@pytest.mark.parametrize("answer", ["stream", "whole"])
def test_a_client_that_leaves_cancels_its_call(
    gateway: libgateway.Gateway, secret: str, upstream: Upstream, answer: str
) -> None:
    upstream.load(fallback=HANGS if answer == "stream" else {"before_headers": "hang"})
    headers = {"x-api-key": secret}
    with served(gateway.asgi()) as url, httpx.Client(base_url=url, headers=headers) as client:
        body = {**HELLO, "stream": answer == "stream"}
        if answer == "stream":
            with client.stream("POST", "/v1/chat/completions", json=body) as response:
                next(response.iter_bytes())
        else:
            with pytest.raises(httpx.ReadTimeout):
                client.post("/v1/chat/completions", json=body, timeout=0.3)
        upstream.wait(closed=0)
    gateway.flush()
    assert gateway.list_traces("acme")["traces"][0]["status_class"] == "cancelled"


def test_an_async_gateway_is_opened_by_the_lifespan(config: Any, upstream: Upstream) -> None:
    """As the README shows it."""
    gateway = libgateway.AsyncGateway(config)

    @contextlib.asynccontextmanager
    async def lifespan(_: fastapi.FastAPI) -> Any:
        async with gateway:
            await gateway.create_tenant("acme", provider=upstream.provider())
            yield

    application = fastapi.FastAPI(lifespan=lifespan)
    application.mount("/llm", gateway.asgi())

    @application.get("/ask")
    async def ask() -> Any:
        return (await gateway.chat("acme", HELLO)).text

    with served(application) as url:
        assert httpx.get(f"{url}/ask").json() == PERSONA
        assert httpx.get(f"{url}/llm/v1/models").status_code == 401
