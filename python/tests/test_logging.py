"""The library's messages in Python's `logging`, for those who ask."""

from __future__ import annotations

import logging

import pytest
from support import Upstream, run_program

import libgateway


def provoke(gateway: libgateway.Gateway, upstream: Upstream) -> None:
    """A provider whose list of models is no list is worth a warning, where others have one."""
    gateway.set_provider("acme", name="other", kind="mock")
    upstream.load(fallback={"match": {"path_prefix": "/v1/models"}, "body": {"json": {"data": "nothing"}}})
    gateway.list_models("acme")


def test_a_warning_reaches_a_logger_while_somebody_asks_for_it(
    gateway: libgateway.Gateway, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    libgateway.log_to("app.llm")
    try:
        provoke(gateway, upstream)
    finally:
        libgateway.log_to(None)
    assert caplog.records, "the warning did not come"
    record = caplog.records[0]
    assert (record.name, record.levelno) == ("app.llm", logging.WARNING)
    assert "provider" in record.getMessage()
    assert record.source.startswith("libgateway")  # type: ignore[attr-defined]
    caplog.clear()
    provoke(gateway, upstream)
    assert caplog.records == []


def test_nothing_is_said_unasked() -> None:
    printed = run_program(
        """
        import logging, libgateway
        logging.basicConfig(level=0)
        with libgateway.Gateway(store="sqlite::memory:") as gateway:
            gateway.create_tenant("acme", provider={"kind": "mock"})
            gateway.chat("acme", model="m", messages=[])
        """
    )
    assert printed == ""
    with pytest.raises(ValueError, match="level 7"):
        libgateway.log_to(level=7)
