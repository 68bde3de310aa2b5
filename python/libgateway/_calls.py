"""How calls are made and waited for: on the calling thread, or on an event loop. Knows no operation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from ._errors import error
from ._json import Model, body_of, encode, options_of
from ._loops import Loops
from ._native import Answer, Call, Gateway, Provider
from ._reply import Reply
from ._stream import AsyncStream, Raw, Stream, decoder

#: A request to a model, in OpenAI's form: a dict, a pydantic model, or bytes and text that go upstream as they are.
Request = Mapping[str, Any] | Model | bytes | str


class Calls:
    """Makes calls."""

    _opened: Gateway | None = None
    #: Where calls go to that name no tenant of their own.
    _provider: Provider | None = None

    def __init__(self) -> None:
        self._loops = Loops()

    @property
    def _core(self) -> Gateway:
        if self._opened is None:
            raise error("closed", "the gateway is not open; enter it with `with` or `async with`, or await it")
        return self._opened

    def _model(
        self,
        operation: str,
        tenant_id: str | None,
        request: Request | None,
        options: Mapping[str, Any] | None,
        parameters: dict[str, Any],
        raw: Raw = False,
    ) -> Call:
        body, options_json, events = body_of(request, parameters), options_of(options), raw != "bytes"
        if tenant_id is None:
            assert self._provider is not None
            return self._core.provider_model(operation, self._provider, body, options_json, events)
        return self._core.model(operation, tenant_id, body, options_json, events)


class SyncCalls(Calls):
    """Waits on the calling thread, without the lock of the interpreter. Ctrl-C ends the wait, and the call."""

    def _json(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        answer = self._core.wait(self._core.operation(operation, encode(arguments)))
        return Reply(answer) if isinstance(answer, Answer) else json.loads(cast(bytes, answer))

    def _reply(self, call: Call) -> Reply:
        return Reply(cast(Answer, self._core.wait(call)))

    def _stream(self, call: Call, raw: Raw) -> Stream[Any]:
        return Stream(cast(Answer, self._core.wait(call)), decoder(raw))

    def _look_up(self, tenant_id: str, name: str | None) -> Provider:
        return cast(Provider, self._core.wait(self._core.provider(tenant_id, name)))


class AsyncCalls(Calls):
    """Waits on the running event loop. Cancelling the task ends the call."""

    async def _wait(self, call: Call) -> Any:
        return await self._loops.current().run(self._core, call)

    async def _json(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        answer = await self._wait(self._core.operation(operation, encode(arguments)))
        return Reply(answer) if isinstance(answer, Answer) else json.loads(answer)

    async def _reply(self, call: Call) -> Reply:
        return Reply(await self._wait(call))

    def _stream(self, call: Call, raw: Raw) -> AsyncStream[Any]:
        return AsyncStream(self._loops, self._core, call, decoder(raw))

    async def _look_up(self, tenant_id: str, name: str | None) -> Provider:
        return cast(Provider, await self._wait(self._core.provider(tenant_id, name)))
