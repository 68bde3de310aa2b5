"""Clients outside the process: the official SDK over a real socket, and nothing of the gateway on its side."""

from __future__ import annotations

import asyncio
import pathlib
import urllib.error
import urllib.request
from typing import Any

import openai
import pytest
from support import PERSONA

import libgateway

MESSAGES: Any = [{"role": "user", "content": "Hello"}]
ANYWHERE = "127.0.0.1:0"


def test_the_official_sdk_is_answered_over_a_socket(gateway: libgateway.Gateway, secret: str) -> None:
    with (
        gateway.serve(address=ANYWHERE) as server,
        openai.OpenAI(api_key=secret, base_url=f"{server.url}/v1") as client,
    ):
        completion = client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        assert completion.choices[0].message.content == PERSONA
        stream = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        assert "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices) == PERSONA
        assert client.embeddings.create(model="text-embedding-3-small", input="Hello").data
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="gwk_nobody").models.list()
    gateway.flush()
    assert len(gateway.list_traces("acme")["traces"]) == 3
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{server.url}/health", timeout=10)


def test_asyncio_serves_too(config: Any, upstream: Any) -> None:
    async def run() -> None:
        async with libgateway.AsyncGateway(config) as gateway:
            await gateway.create_tenant("acme", provider={"kind": "mock", "reply": "Good morning."})
            secret = (await gateway.create_api_key("acme"))["secret"]
            async with await gateway.serve(address=ANYWHERE) as server:
                async with openai.AsyncOpenAI(api_key=secret, base_url=f"{server.url}/v1") as client:
                    completion = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
                assert completion.choices[0].message.content == "Good morning."

    asyncio.run(run())


def test_a_server_that_nobody_closes_ends_with_its_gateway(gateway: libgateway.Gateway) -> None:
    server = gateway.serve(address=ANYWHERE)
    assert urllib.request.urlopen(f"{server.url}/health", timeout=10).status == 200
    gateway.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{server.url}/health", timeout=10)


def test_what_cannot_be_served_is_an_error_that_names_it(gateway: libgateway.Gateway, tmp_path: pathlib.Path) -> None:
    with gateway.serve(address=ANYWHERE) as server, pytest.raises(libgateway.ConfigError, match=server.address):
        gateway.serve(address=server.address)
    with pytest.raises(libgateway.ConfigError, match="unknown field `port`"):
        gateway.serve(port=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    missing = str(tmp_path / "missing.pem")
    with pytest.raises(libgateway.ConfigError, match=r"missing\.pem"):
        gateway.serve(tls={"certificate": missing, "key": missing})
