"""The gateway's warnings in Python's `logging`, for programs that ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._native import set_log

if TYPE_CHECKING:
    import logging


def log_to(logger: logging.Logger | str | None = "libgateway", *, level: int = 30) -> None:
    """Hands the library's messages of at least that level, to a logger; to nobody with `None`.

    Handlers run on the gateway's own threads: one that may take long belongs behind `logging.handlers.QueueHandler`. The
    last call counts, for all gateways of the process.
    """
    if logger is None:
        set_log(None)
        return
    import logging

    target = logging.getLogger(logger) if isinstance(logger, str) else logger

    def emit(level: int, source: str, message: str) -> None:
        target.log(level, "%s", message, extra={"source": source})

    set_log(emit, level)
