"""What is raised: classes, fields, and that both survive a pickle."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
from support import HELLO, Upstream

import libgateway
from libgateway import _errors, _native


def test_a_providers_429_says_everything_there_is_to_know(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    headers = [["retry-after-ms", "20"], ["x-ratelimit-limit-requests", "7"], ["set-cookie", "a=b"]]
    answer = {
        "status": 429,
        "headers": headers,
        "body": {"json": {"error": {"message": "slow down", "type": "requests"}}},
    }
    upstream.load([answer] * 3)
    with pytest.raises(libgateway.RateLimitError) as caught:
        gateway.chat("acme", HELLO, options={"request_id": "r-1"})
    error = caught.value
    assert isinstance(error, libgateway.UpstreamRateLimitError)
    assert (error.code, error.number, error.status, error.retry_after) == ("upstream_rate_limited", 402, 429, 0.02)
    assert (error.provider, error.request_id, error.param, error.retries_spent) == ("openai", "r-1", None, True)
    assert error.body is not None
    assert b"slow down" in error.body
    assert error.headers["x-ratelimit-limit-requests"] == "7"
    assert "set-cookie" not in error.headers
    assert error.is_temporary
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args) == (str(error), error.args)
        assert all(getattr(again, name) == getattr(error, name) for name in _errors._DEFAULTS)


def test_a_timeout_is_pythons_too(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    upstream.load(fallback={"before_headers": "hang"})
    with pytest.raises(TimeoutError) as caught:
        gateway.chat("acme", HELLO, options={"timeout_ms": 50})
    assert isinstance(caught.value, libgateway.GatewayTimeoutError)
    assert caught.value.code == "total_timeout"


def test_an_unreachable_provider_is_a_connection_error(gateway: libgateway.Gateway) -> None:
    gateway.set_provider("acme", name="away", kind="custom", base_url="http://127.0.0.1:1/v1", api_key="k")
    with pytest.raises(libgateway.UpstreamConnectionError) as caught:
        gateway.chat("acme", HELLO, options={"provider": "away"})
    assert (caught.value.code, caught.value.provider) == ("upstream_unreachable", "away")


def test_every_code_has_a_class_and_every_class_is_rooted_in_one() -> None:
    classes = {one for _, one in inspect.getmembers(libgateway, inspect.isclass) if issubclass(one, Exception)}
    assert all(issubclass(one, libgateway.GatewayError) for one in classes)
    assert {one.__name__ for one in classes} == set(_errors.__all__)
    used = {_errors.class_of(name, number) for name, number, _, _ in _native.ERROR_CODES}
    parents = {libgateway.GatewayError}
    assert classes - parents == used - parents
    names = {name for name, _, _, _ in _native.ERROR_CODES}
    assert set(_errors._NARROWER) <= names, "a class is for a code that does not exist"
    assert len(names) == len(_native.ERROR_CODES) > 40


def test_a_code_of_a_later_library_gets_the_class_of_its_hundred() -> None:
    assert _errors.class_of("something_new", 499) is libgateway.UpstreamError
    assert _errors.class_of("something_new", 999) is libgateway.GatewayError
