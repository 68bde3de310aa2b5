"""Fixtures of pytest: an upstream, a gateway in front of it, a tenant."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from support import CONFIG, Postgres, Upstream, postgres

import libgateway


@pytest.fixture(scope="session")
def _upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def upstream(_upstream: Upstream) -> Upstream:
    """A mock upstream that remembers nothing."""
    _upstream.reset()
    return _upstream


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def any_store(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[dict[str, Any]]:
    """The configuration of a fresh store, of either kind."""
    if request.param == "sqlite":
        yield {"store": f"sqlite:{tmp_path / 'gateway.db'}"}
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield {"store": url, "spool_dir": str(tmp_path / "spool")}


@pytest.fixture
def config(tmp_path: pathlib.Path) -> dict[str, Any]:
    """The configuration of a gateway on a file of its own."""
    return {**CONFIG, "store": f"sqlite:{tmp_path / 'gateway.db'}"}


@pytest.fixture
def gateway(config: Any, upstream: Upstream) -> Iterator[libgateway.Gateway]:
    """A gateway with the tenant `acme`, whose provider is the mock upstream."""
    with libgateway.Gateway(config) as gateway:
        gateway.create_tenant("acme", provider=upstream.provider())
        yield gateway


@pytest.fixture
def secret(gateway: libgateway.Gateway) -> str:
    """An API key of the tenant's."""
    return gateway.create_api_key("acme")["secret"]
