"""LangChain's OpenAI classes over the transports."""

from __future__ import annotations

import asyncio

import httpx2
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import SecretStr
from support import PERSONA, Upstream

import libgateway


def test_a_chat_model_answers_and_streams(gateway: libgateway.Gateway, secret: str) -> None:
    model = ChatOpenAI(
        model="gpt-4o",
        api_key=SecretStr(secret),
        base_url="http://libgateway/v1",
        http_client=gateway.httpx_client(httpx=httpx2),
        http_async_client=gateway.httpx_async_client(httpx=httpx2),
    )
    assert model.invoke("Hello").content == PERSONA
    assert "".join(str(chunk.content) for chunk in model.stream("Hello")) == PERSONA

    async def main() -> None:
        assert (await model.ainvoke("Hello")).content == PERSONA
        assert "".join([str(chunk.content) async for chunk in model.astream("Hello")]) == PERSONA

    asyncio.run(main())
    gateway.flush()
    assert [trace["status_class"] for trace in gateway.iter_traces("acme")] == ["ok"] * 4


def test_embeddings(gateway: libgateway.Gateway, secret: str, upstream: Upstream) -> None:
    embeddings = OpenAIEmbeddings(
        model="text-embedding-3-small",
        api_key=SecretStr(secret),
        base_url="http://libgateway/v1",
        http_client=gateway.httpx_client(httpx=httpx2),
        # The tokeniser's tables would be fetched from the network.
        check_embedding_ctx_length=False,
    )
    assert len(embeddings.embed_documents(["a", "b"])) == 2
    assert upstream.requests()[0]["path"] == "/v1/embeddings"
