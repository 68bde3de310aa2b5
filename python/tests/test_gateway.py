"""A gateway's calls, as a host makes them: what goes in, what comes out, opening and closing."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import json
import pickle
from typing import Any

import pydantic
import pytest
from support import CONFIG, HELLO, MASTER_KEY, PERSONA, Upstream

import libgateway


class Message(pydantic.BaseModel):
    role: str
    content: str
    name: str | None = None


class ChatRequest(pydantic.BaseModel):
    model: str
    messages: list[Message]
    temperature: float | None = None


BODY = b'{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'


@pytest.mark.parametrize(
    "request_",
    [
        HELLO,
        BODY,
        BODY.decode(),
        bytearray(BODY),
        memoryview(BODY),
        ChatRequest(model="gpt-4o", messages=[Message(role="user", content="Hello")]),
        {"model": "gpt-4o", "messages": [Message(role="user", content="Hello")]},
    ],
    ids=lambda request: type(request).__name__,
)
def test_every_form_of_a_request_arrives_upstream_as_it_was_given(
    gateway: libgateway.Gateway, upstream: Upstream, request_: Any
) -> None:
    reply = gateway.chat("acme", request_)
    assert reply.text == PERSONA
    assert upstream.requests()[0]["body"].encode() == BODY


def test_parameters_are_openais_and_keep_their_order(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    messages = [{"role": "user", "content": "Grüße 🦀"}]
    gateway.chat("acme", messages=messages, model="gpt-4o", temperature=0.1, seed=2**60)
    wanted = '{"messages":[{"role":"user","content":"Grüße 🦀"}],"model":"gpt-4o","temperature":0.1,'
    wanted += '"seed":1152921504606846976}'
    assert upstream.requests()[0]["body"] == wanted
    gateway.chat("acme", HELLO, temperature=1)
    assert json.loads(upstream.requests()[1]["body"]) == {**HELLO, "temperature": 1}


def test_what_is_no_json_is_refused_before_anything_happens(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    for value in (float("nan"), "\ud800", datetime.datetime(2026, 1, 1)):
        with pytest.raises(libgateway.InvalidRequestError) as caught:
            gateway.chat("acme", HELLO, user=value)
        assert caught.value.code == "invalid_json"
    with pytest.raises(TypeError):
        gateway.chat("acme", HELLO, user=object())
    with pytest.raises(TypeError, match="temperature"):
        gateway.chat("acme", BODY, temperature=1)
    assert upstream.requests() == []


def test_a_reply_is_a_dict_with_what_the_gateway_knows(gateway: libgateway.Gateway) -> None:
    reply = gateway.chat("acme", HELLO, options={"user_id": "u-1", "metadata": {"team": "red"}})
    assert reply["choices"][0]["message"]["content"] == PERSONA
    assert (reply.status, reply.provider, json.loads(reply.body)) == (200, "openai", reply)
    assert reply.headers["x-request-id"] == "req_0"
    again = pickle.loads(pickle.dumps(reply))
    assert (again, again.trace_id, again.headers) == (reply, reply.trace_id, reply.headers)
    gateway.flush()
    trace = gateway.get_trace("acme", reply.trace_id or "")
    assert (trace["user_id"], trace["metadata"], trace["request"]) == ("u-1", {"team": "red"}, HELLO)
    with pytest.raises(KeyError):
        reply["nothing"]


def test_an_answer_that_is_no_object_says_so_where_it_is_read(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    upstream.load({"body": {"text": "<html>"}})
    reply = gateway.chat("acme", HELLO)
    assert (reply, reply.text, reply.body) == ({}, None, b"<html>")
    with pytest.raises(libgateway.UpstreamError, match="no JSON object"):
        reply["choices"]


def test_responses_and_embeddings_and_models(gateway: libgateway.Gateway) -> None:
    assert gateway.responses("acme", model="gpt-4o", input="Hello").text == PERSONA
    assert len(gateway.embeddings("acme", model="text-embedding-3-small", input=["a", "b"])["data"]) == 2
    assert "gpt-4o" in [model["id"] for model in gateway.list_models("acme")["data"]]


def test_a_provider_describes_itself_and_can_be_called(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    provider = gateway.get_provider_for_tenant("acme")
    assert (provider.name, provider.kind, provider.description["has_api_key"]) == ("openai", "openai", True)
    assert "sk-test" not in json.dumps(provider.description)
    assert repr(provider) == "<Provider 'openai' of kind 'openai'>"
    assert provider.chat(HELLO).text == PERSONA
    assert provider.responses(model="gpt-4o", input="Hello").text == PERSONA
    assert len(provider.embeddings(model="m", input="a")["data"]) == 1
    gateway.set_provider("acme", name="other", kind="openai", base_url=f"{upstream.url}/v1", api_key="sk-test")
    assert gateway.get_provider_for_tenant("acme", "other").name == "other"
    assert gateway.evict_provider("acme", "other") is True
    assert gateway.evict_provider("acme", "other") is False
    with pytest.raises(libgateway.NotFoundError) as caught:
        gateway.get_provider_for_tenant("acme", "nobody")
    assert caught.value.code == "provider_not_found"


def test_traces_are_listed_page_by_page_and_all_at_once(gateway: libgateway.Gateway) -> None:
    for number in range(5):
        gateway.chat("acme", HELLO, options={"user_id": f"u-{number % 2}"})
    gateway.flush()
    page = gateway.list_traces("acme", limit=2)
    assert len(page["traces"]) == 2
    assert page["next_cursor"]
    every = [trace["id"] for trace in gateway.iter_traces("acme", limit=2)]
    assert len(set(every)) == 5
    assert every[:2] == [trace["id"] for trace in page["traces"]]
    assert len(list(gateway.iter_traces("acme", user_id="u-1"))) == 2
    since = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    assert list(gateway.iter_traces("acme", since=since)) == []
    with pytest.raises(libgateway.InvalidRequestError) as caught:
        gateway.list_traces("acme", limit=201)
    assert caught.value.param == "limit"


def test_analytics_count_what_was_asked(gateway: libgateway.Gateway) -> None:
    for _ in range(3):
        gateway.chat("acme", HELLO)
    gateway.flush()
    answer = gateway.analytics("acme", window_hours=1, bucket_minutes=5)
    assert answer["summary"]["total_requests"] == 3
    assert sum(bucket["total_requests"] for bucket in answer["timeseries"]) == 3
    assert decimal.Decimal(gateway.analytics_summary("acme")["cost_usd"]) > 0
    assert gateway.analytics_models("acme")["models"][0]["model"] == "gpt-4o"
    assert gateway.analytics_timeseries("acme")["timeseries"]


def test_tenants_providers_and_keys(gateway: libgateway.Gateway) -> None:
    assert gateway.create_tenant("globex", name="Globex", capture="metadata")["name"] == "Globex"
    assert gateway.create_tenant()["id"]
    assert gateway.update_tenant("globex", status="disabled")["status"] == "disabled"
    assert gateway.get_tenant("globex")["capture"] == "metadata"
    assert len(list(gateway.iter_tenants(limit=1))) == len(gateway.list_tenants()["tenants"]) == 3
    assert gateway.set_provider("globex", kind="mock", reply="Hi")["kind"] == "mock"
    assert [provider["name"] for provider in gateway.list_providers("globex")] == ["mock"]
    with pytest.raises(libgateway.PermissionDeniedError):
        gateway.chat("globex", HELLO)
    gateway.delete_provider("globex", "mock")
    expires = datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)
    created = gateway.create_api_key("globex", name="ci", scopes=["infer", "read"], expires_at=expires)
    assert created["secret"].startswith("gwk_")
    assert created["expires_at"] == "2030-01-01T00:00:00.000Z"
    gateway.revoke_api_key("globex", created["id"])
    assert [key["status"] for key in gateway.list_api_keys("globex")] == ["revoked"]
    admin = gateway.create_admin_key(scopes=["admin"])
    gateway.revoke_admin_key(admin["id"])
    assert [key["status"] for key in gateway.list_admin_keys()] == ["revoked"]
    assert gateway.erase_tenant("globex")["api_keys"] == 1
    gateway.delete_tenant("acme")
    with pytest.raises(libgateway.NotFoundError):
        gateway.get_tenant("globex")


def test_the_gateway_speaks_of_itself(gateway: libgateway.Gateway, tmp_path: Any) -> None:
    gateway.chat("acme", HELLO)
    assert gateway.flush(timeout=20)["pending"] == 0
    assert gateway.stats()["by_class"] == {"ok": 1}
    assert gateway.health()["status"] == "ok"
    assert gateway.list_dead_letters() == []
    assert gateway.rewrap_data_keys()["version"] == 1
    gateway.backup(tmp_path / "copy.db")
    with libgateway.Gateway(store=f"sqlite:{tmp_path / 'copy.db'}", master_key=CONFIG["master_key"]) as copy:
        assert len(copy.list_traces("acme")["traces"]) == 1
    assert gateway.call("get_tenant", tenant_id="acme") == gateway.get_tenant("acme")
    with pytest.raises(libgateway.NotFoundError, match="no operation"):
        gateway.call("get_tenants")


def test_a_configuration_that_is_wrong_is_refused_with_its_key(tmp_path: Any) -> None:
    for config, param in (
        ({"store": f"sqlite:{tmp_path / 'x.db'}"}, "master_key"),
        ({"store": "sqlite::memory:", "stores": 1}, "stores"),
        ({"store": "mysql://h/d", "master_key": MASTER_KEY}, "store"),
        ({"store": "sqlite::memory:", "retry": {"max_attempts": 0}}, "retry.max_attempts"),
    ):
        with pytest.raises(libgateway.ConfigError) as caught:
            libgateway.Gateway(config)  # type: ignore[arg-type]
        assert caught.value.code == "invalid_config"
        assert param in str(caught.value), config


def test_a_closed_gateway_says_so(config: Any) -> None:
    gateway = libgateway.Gateway(config)
    assert repr(gateway) == "<libgateway.Gateway open>"
    assert gateway.close()["pending"] == 0
    for use in (gateway.list_tenants, lambda: gateway.chat("acme", HELLO), lambda: gateway.chat_stream("acme", HELLO)):
        with pytest.raises(libgateway.ClosedError):
            use()
    gateway.close()


def test_an_async_gateway_opens_when_entered_or_awaited(config: Any, upstream: Upstream) -> None:
    async def main() -> None:
        gateway = libgateway.AsyncGateway(config)
        with pytest.raises(libgateway.ClosedError, match="not open"):
            await gateway.stats()
        assert await gateway is gateway
        await gateway.create_tenant("acme", provider=upstream.provider())
        assert (await gateway.chat("acme", HELLO)).text == PERSONA
        assert (await (await gateway.get_provider_for_tenant("acme")).chat(HELLO)).text == PERSONA
        await gateway.flush()
        assert len([trace async for trace in gateway.iter_traces("acme", limit=1)]) == 2
        assert [tenant["id"] async for tenant in gateway.iter_tenants()] == ["acme"]
        with pytest.raises(libgateway.NotFoundError):
            await gateway.chat("nobody", HELLO)
        await gateway.close()

    asyncio.run(main())


def test_two_gateways_know_nothing_of_each_other() -> None:
    with libgateway.Gateway(store="sqlite::memory:") as one, libgateway.Gateway(store="sqlite::memory:") as other:
        one.create_tenant("acme", provider={"kind": "mock"})
        assert one.chat("acme", HELLO).text
        assert other.list_tenants()["tenants"] == []


def test_prices_are_exchanged_as_a_whole_or_not_at_all(gateway: libgateway.Gateway) -> None:
    for damaged in ("{}", b"\x7b\x7d"):
        with pytest.raises(libgateway.GatewayError) as caught:
            gateway.load_prices(damaged)
        assert caught.value.code == "invalid_prices"
