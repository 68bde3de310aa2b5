"""The official SDK, through the gateway, to a mock that other people wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from support import ROOT

import libgateway

FOLDER = ROOT / "tests" / "aimock"
LISTENING = "aimock server listening on "
ARGUMENTS = ["--host", "127.0.0.1", "--port", "0", "--chunk-size", "7", "--fixtures", "fixtures.json", "--strict"]


@pytest.fixture(scope="module")
def aimock() -> Iterator[str]:
    """Its address. It reaches no network: `offline.cjs` sees to that."""
    program = FOLDER / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    assert program.exists(), "aimock is not installed; `make test-python` installs it"
    command = ["node", "--require", "./offline.cjs", str(program), *ARGUMENTS]
    pipe = subprocess.PIPE
    server = subprocess.Popen(command, cwd=FOLDER, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        if LISTENING in line:
            break
    else:
        pytest.fail("".join(said))
    yield said[-1].partition(LISTENING)[2].strip()
    # It ends with its standard input.
    server.stdin.close()
    server.wait(30)
    server.stdout.close()


@pytest.fixture
def client(config: Any, aimock: str) -> Iterator[openai.OpenAI]:
    with libgateway.Gateway(config) as gateway:
        gateway.create_tenant("acme", provider={"kind": "openai", "base_url": f"{aimock}/v1", "api_key": "sk-test"})
        secret = gateway.create_api_key("acme")["secret"]
        http_client = gateway.httpx_client(httpx=httpx2)
        with openai.OpenAI(api_key=secret, base_url="http://libgateway/v1", http_client=http_client) as client:
            yield client


HELLO: Any = [{"role": "user", "content": "Hello"}]
GREETING = "Hello from people we do not know: ünïcode, 日本語 and 👋."


def test_a_chat_and_a_stream(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert completion.choices[0].message.content == GREETING
    stream = client.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == GREETING


def test_a_tool_call(client: openai.OpenAI) -> None:
    tools: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    messages: Any = [{"role": "user", "content": "weather"}]
    completion = client.chat.completions.create(model="gpt-4o", messages=messages, tools=tools)
    calls: Any = completion.choices[0].message.tool_calls
    assert calls[0].function.name == "get_weather"
    assert "Kraków" in calls[0].function.arguments


def test_what_it_does_not_know_is_the_sdks_error(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "something nobody has written down"}]
    with pytest.raises(openai.APIStatusError):
        client.with_options(max_retries=0).chat.completions.create(model="gpt-4o", messages=messages)
