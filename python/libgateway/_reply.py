"""A provider's whole answer."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from ._errors import error, headers_of
from ._native import Answer


class Reply(dict[str, Any]):
    """A provider's answer as the dict it is, and what the gateway knows of it beside.

    An answer that is no JSON object is empty as a dict, says so where it is read, and has its bytes in `body`.
    """

    __slots__ = ("body", "headers", "provider", "status", "trace_id")

    #: The answer as it came.
    body: bytes
    #: The provider's headers that are the caller's business, names in lower case.
    headers: dict[str, str]
    #: Who answered.
    provider: str | None
    #: The provider's status.
    status: int
    #: The trace of the request.
    trace_id: str | None

    def __init__(self, answer: Answer) -> None:
        self.body = answer.body or b""
        self.headers = headers_of(answer.headers)
        self.provider, self.status, self.trace_id = answer.provider, answer.status, answer.trace_id
        try:
            value = json.loads(self.body)
        except ValueError:
            value = None
        super().__init__(value if isinstance(value, dict) else {})

    @property
    def text(self) -> str | None:
        """The text of a chat's first choice, or of a response's output; `None` where there is none."""
        try:
            if choices := self.get("choices"):
                content = choices[0]["message"]["content"]
                return content if isinstance(content, str) else None
            parts = [part for item in self.get("output", []) for part in item.get("content") or []]
            texts = [part["text"] for part in parts if part.get("type") == "output_text"]
        except (KeyError, IndexError, TypeError, AttributeError):
            return None
        return "".join(texts) if texts else None

    def __missing__(self, key: str) -> NoReturn:
        if self:
            raise KeyError(key)
        message = "the provider's answer is no JSON object; its bytes are in the reply's body"
        raise error("upstream_invalid_response", message, provider=self.provider, request_id=self.trace_id)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (dict(self), {name: getattr(self, name) for name in self.__slots__})


def _again(items: dict[str, Any], fields: dict[str, Any]) -> Reply:
    reply = Reply.__new__(Reply)
    reply.update(items)
    for name, value in fields.items():
        setattr(reply, name, value)
    return reply
