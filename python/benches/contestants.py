"""Who is measured: each makes the same chat, and reads the same stream to its end as Python objects."""

from __future__ import annotations

import asyncio
import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import libgateway

Calls = tuple[Callable[[], Any] | None, Callable[[], Any] | None]

TENSORZERO = """
[models."{model}"]
routing = ["openai"]
[models."{model}".providers.openai]
type = "openai"
model_name = "{model}"
api_base = "{url}/v1/"
"""


def everyone(
    url: str, directory: pathlib.Path, runner: asyncio.Runner, request: dict[str, Any]
) -> tuple[dict[str, Calls], Callable[[], None]]:
    """The calls of each, by name, `None` where it has no such thing; and what waits until all traces are written: those
    that one turn leaves are not to be written in another's."""
    os.environ["OPENAI_API_KEY"] = "sk-test"
    streamed = {**request, "model": "gpt-4o-mini"}
    found: dict[str, Calls] = {}
    gateways: list[Callable[[], Any]] = []
    for make in (ours, with_httpx, with_openai, with_liter_llm, with_tensorzero, with_litellm):
        try:
            found |= make(url, directory, runner, request, streamed, gateways)
        except ImportError as missing:
            print(f"{missing.name} is not installed and not measured")

    def settle() -> None:
        for flush in gateways:
            flush()

    return found, settle


def ours(
    url: str, directory: pathlib.Path, runner: asyncio.Runner, request: Any, streamed: Any, gateways: list[Any]
) -> dict[str, Calls]:
    config: Any = {
        "store": f"sqlite:{directory / 'gateway.db'}",
        "master_key": "0" * 64,
        "network": {"private": "allow"},
    }
    gateway = libgateway.Gateway(config)
    gateway.create_tenant("acme", provider={"kind": "openai", "base_url": f"{url}/v1", "api_key": "sk-test"})
    awaited = runner.run(_opened({**config, "store": f"sqlite:{directory / 'async.db'}"}, url))

    gateways += [gateway.flush, lambda: runner.run(awaited.flush())]

    async def chat() -> Any:
        return await awaited.chat("acme", request)

    async def stream() -> Any:
        return [chunk async for chunk in awaited.chat_stream("acme", streamed)]

    calls: dict[str, Calls] = {
        "libgateway": (
            lambda: gateway.chat("acme", request),
            lambda: list(gateway.chat_stream("acme", streamed)),
        ),
        "libgateway async": (chat, stream),
    }
    secret = gateway.create_api_key("acme")["secret"]
    return calls | _openai(" over libgateway", secret, "http://libgateway/v1", gateway, request, streamed)


async def _opened(config: Any, url: str) -> libgateway.AsyncGateway:
    gateway = await libgateway.AsyncGateway(config)
    await gateway.create_tenant("acme", provider={"kind": "openai", "base_url": f"{url}/v1", "api_key": "sk-test"})
    return gateway


def with_openai(url: str, _: Any, __: Any, request: Any, streamed: Any, ___: Any) -> dict[str, Calls]:
    return _openai("", "sk-test", f"{url}/v1", None, request, streamed)


def _openai(suffix: str, key: str, url: str, gateway: Any, request: Any, streamed: Any) -> dict[str, Calls]:
    import httpx2
    import openai

    inside = gateway.httpx_client(httpx=httpx2) if gateway else None
    inside_async = gateway.httpx_async_client(httpx=httpx2) if gateway else None
    client = openai.OpenAI(api_key=key, base_url=url, http_client=inside)
    awaited = openai.AsyncOpenAI(api_key=key, base_url=url, http_client=inside_async)

    async def chat() -> Any:
        return await awaited.chat.completions.create(**request)

    async def stream() -> Any:
        return [chunk async for chunk in await awaited.chat.completions.create(**streamed, stream=True)]

    return {
        f"openai{suffix}": (
            lambda: client.chat.completions.create(**request),
            lambda: list(client.chat.completions.create(**streamed, stream=True)),
        ),
        f"openai{suffix} async": (chat, stream),
    }


def with_httpx(url: str, _: Any, __: Any, request: Any, streamed: Any, ___: Any) -> dict[str, Calls]:
    import httpx

    headers = {"authorization": "Bearer sk-test"}
    client = httpx.Client(base_url=url, headers=headers, timeout=60)
    awaited = httpx.AsyncClient(base_url=url, headers=headers, timeout=60)
    path, body = "/v1/chat/completions", {**streamed, "stream": True}

    def read_stream() -> Any:
        with client.stream("POST", path, json=body) as response:
            return [_event(line) for line in response.iter_lines() if line.startswith("data: {")]

    async def chat() -> Any:
        return (await awaited.post(path, json=request)).json()

    async def stream() -> Any:
        async with awaited.stream("POST", path, json=body) as response:
            return [_event(line) async for line in response.aiter_lines() if line.startswith("data: {")]

    return {
        "httpx": (lambda: client.post(path, json=request).json(), read_stream),
        "httpx async": (chat, stream),
    }


def _event(line: str) -> Any:
    return json.loads(line.removeprefix("data: "))


def with_liter_llm(url: str, _: Any, __: Any, request: Any, streamed: Any, ___: Any) -> dict[str, Calls]:
    import liter_llm

    client = liter_llm.create_client(api_key="sk-test", base_url=f"{url}/v1")

    # It changes the dict that it is given.
    async def chat() -> Any:
        return await liter_llm.chat(client, {**request})

    async def stream() -> Any:
        asked = liter_llm.ChatCompletionRequest(**streamed, stream=True)
        return [chunk async for chunk in liter_llm.chat_stream(client, asked)]

    return {"liter-llm async": (chat, stream)}


def with_tensorzero(
    url: str, directory: pathlib.Path, _: Any, request: Any, streamed: Any, __: Any
) -> dict[str, Calls]:
    import tensorzero

    config = directory / "tensorzero.toml"
    text = "[gateway]\nobservability.enabled = false\n"
    config.write_text(text + "".join(TENSORZERO.format(model=one["model"], url=url) for one in (request, streamed)))
    client = tensorzero.TensorZeroGateway.build_embedded(config_file=str(config))
    system, user = (message["content"] for message in request["messages"])
    given: Any = {"system": system, "messages": [{"role": "user", "content": user}]}
    return {
        "tensorzero": (
            lambda: client.inference(model_name=request["model"], input=given),
            lambda: list(client.inference(model_name=streamed["model"], input=given, stream=True)),
        )
    }


def with_litellm(url: str, _: Any, __: Any, request: Any, streamed: Any, ___: Any) -> dict[str, Calls]:
    # It would fetch its table of prices when it is imported.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    litellm.telemetry = False
    settings = {"api_base": f"{url}/v1", "api_key": "sk-test"}
    return {
        "litellm": (
            lambda: litellm.completion(**{**request, "model": "openai/gpt-4o"}, **settings),
            lambda: list(litellm.completion(**{**streamed, "model": "openai/gpt-4o-mini"}, stream=True, **settings)),
        )
    }
