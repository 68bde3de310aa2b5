"""Every operation as a method, for programs that wait. `make gen` writes the twin for asyncio, `_async_operations.py`,
from this file: a new operation is a method here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from . import _native
from ._calls import Request, SyncCalls
from ._json import Tenants, options_of, tenants_of
from ._reply import Reply
from ._stream import Stream

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .types import (
        Analytics,
        AnalyticsBreakdown,
        AnalyticsComparison,
        AnalyticsModels,
        AnalyticsQuery,
        AnalyticsSummary,
        AnalyticsTenants,
        AnalyticsTimeseries,
        ApiKey,
        BreakdownQuery,
        CallOptions,
        CreatedApiKey,
        DeadLetter,
        ErasureReport,
        ExportReport,
        ExportTarget,
        FlushReport,
        Health,
        LoadedPrices,
        NewApiKey,
        NewTenant,
        ProviderConfig,
        ProviderDescription,
        ProviderInfo,
        RebuildReport,
        RepriceQuery,
        RepriceReport,
        RewrapReport,
        Stats,
        Tenant,
        TenantPage,
        TenantQuery,
        TenantsQuery,
        TenantUpdate,
        TimeRange,
        TopQuery,
        TopTraces,
        Trace,
        TraceDetail,
        TracePage,
        TraceQuery,
        VerifyReport,
    )


class Provider(SyncCalls):
    """A provider of a tenant, looked up once. It describes itself and can be called; its fallbacks are not asked."""

    def __init__(self, owner: SyncCalls, provider: _native.Provider) -> None:
        self._loops, self._opened, self._provider = owner._loops, owner._core, provider
        #: Its configuration without the secret, and its capabilities.
        self.description: ProviderDescription = json.loads(provider.description)

    @property
    def name(self) -> str:
        """Unique within the tenant."""
        return self.description["name"]

    @property
    def kind(self) -> str:
        """A kind of the provider table, such as `openai`."""
        return self.description["kind"]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} of kind {self.kind!r}>"

    def chat(
        self, request: Request | None = None, /, *, options: CallOptions | None = None, **parameters: Any
    ) -> Reply:
        """A chat completion, from this provider."""
        return self._reply(self._model("chat", None, request, options, parameters))

    @overload
    def chat_stream(
        self,
        request: Request | None = None,
        /,
        *,
        raw: Literal["events", "bytes"],
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[bytes]: ...
    @overload
    def chat_stream(
        self, request: Request | None = None, /, *, options: CallOptions | None = None, **parameters: Any
    ) -> Stream[dict[str, Any]]: ...
    def chat_stream(
        self,
        request: Request | None = None,
        /,
        *,
        raw: Literal[False, "events", "bytes"] = False,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[Any]:
        """A chat completion in chunks, from this provider."""
        return self._stream(self._model("chat_stream", None, request, options, parameters, raw), raw)

    def responses(
        self, request: Request | None = None, /, *, options: CallOptions | None = None, **parameters: Any
    ) -> Reply:
        """A response in the form of OpenAI's Responses API, from this provider."""
        return self._reply(self._model("responses", None, request, options, parameters))

    @overload
    def responses_stream(
        self,
        request: Request | None = None,
        /,
        *,
        raw: Literal["events", "bytes"],
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[bytes]: ...
    @overload
    def responses_stream(
        self, request: Request | None = None, /, *, options: CallOptions | None = None, **parameters: Any
    ) -> Stream[dict[str, Any]]: ...
    def responses_stream(
        self,
        request: Request | None = None,
        /,
        *,
        raw: Literal[False, "events", "bytes"] = False,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[Any]:
        """A response event by event, from this provider."""
        return self._stream(self._model("responses_stream", None, request, options, parameters, raw), raw)

    def embeddings(
        self, request: Request | None = None, /, *, options: CallOptions | None = None, **parameters: Any
    ) -> Reply:
        """Embeddings, from this provider."""
        return self._reply(self._model("embeddings", None, request, options, parameters))


class Operations(SyncCalls):
    """The operations of a gateway."""

    # Calls of models. What is not `options` or `raw` is the provider's business and goes upstream.

    def chat(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Reply:
        """A chat completion: `chat("acme", model=..., messages=[...])`, or `chat("acme", request)`."""
        return self._reply(self._model("chat", tenant_id, request, options, parameters))

    @overload
    def chat_stream(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        raw: Literal["events", "bytes"],
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[bytes]: ...
    @overload
    def chat_stream(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[dict[str, Any]]: ...
    def chat_stream(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        raw: Literal[False, "events", "bytes"] = False,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[Any]:
        """A chat completion in chunks, as dicts. `raw` gives bytes instead: of each event, or in the pieces they come in."""
        return self._stream(self._model("chat_stream", tenant_id, request, options, parameters, raw), raw)

    def responses(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Reply:
        """A response in the form of OpenAI's Responses API."""
        return self._reply(self._model("responses", tenant_id, request, options, parameters))

    @overload
    def responses_stream(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        raw: Literal["events", "bytes"],
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[bytes]: ...
    @overload
    def responses_stream(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[dict[str, Any]]: ...
    def responses_stream(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        raw: Literal[False, "events", "bytes"] = False,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Stream[Any]:
        """A response event by event."""
        return self._stream(self._model("responses_stream", tenant_id, request, options, parameters, raw), raw)

    def embeddings(
        self,
        tenant_id: str,
        request: Request | None = None,
        /,
        *,
        options: CallOptions | None = None,
        **parameters: Any,
    ) -> Reply:
        """Embeddings: `embeddings("acme", model=..., input=[...])`."""
        return self._reply(self._model("embeddings", tenant_id, request, options, parameters))

    def list_models(self, tenant_id: str, /, *, options: CallOptions | None = None) -> Reply:
        """The models of all of a tenant's providers."""
        return self._reply(self._core.model("list_models", tenant_id, b"", options_of(options), True))

    # Traces.

    def list_traces(self, tenant_id: Tenants, /, **query: Unpack[TraceQuery]) -> TracePage:
        """A page of traces, newest first: 50, or `limit` up to 200. `cursor` is `next_cursor` of the page before."""
        return cast("TracePage", self._json("list_traces", {**tenants_of(tenant_id), **query}))

    def iter_traces(self, tenant_id: Tenants, /, **query: Unpack[TraceQuery]) -> Iterator[Trace]:
        """All traces, newest first, page by page of `limit`."""
        query["limit"] = query.get("limit") or 200
        while True:
            page = self.list_traces(tenant_id, **query)
            for trace in page["traces"]:  # noqa: UP028 - the twin for asyncio cannot yield from
                yield trace
            query["cursor"] = page["next_cursor"]
            if query["cursor"] is None:
                return

    def get_trace(self, tenant_id: Tenants, trace_id: str, /) -> TraceDetail:
        """One trace with its request and response, decrypted."""
        return cast("TraceDetail", self._json("get_trace", {**tenants_of(tenant_id), "trace_id": trace_id}))

    # Analytics.

    def analytics(self, tenant_id: Tenants, /, **query: Unpack[AnalyticsQuery]) -> Analytics:
        """A window as a whole and bucket by bucket: the last 24 hours in buckets of 60 minutes unless it is said."""
        return cast("Analytics", self._json("analytics", {**tenants_of(tenant_id), **query}))

    def analytics_summary(self, tenant_id: Tenants, /, **query: Unpack[AnalyticsQuery]) -> AnalyticsSummary:
        """A window as a whole."""
        return cast("AnalyticsSummary", self._json("analytics_summary", {**tenants_of(tenant_id), **query}))

    def analytics_timeseries(self, tenant_id: Tenants, /, **query: Unpack[AnalyticsQuery]) -> AnalyticsTimeseries:
        """A window bucket by bucket, empty ones included."""
        return cast("AnalyticsTimeseries", self._json("analytics_timeseries", {**tenants_of(tenant_id), **query}))

    def analytics_models(self, tenant_id: Tenants, /, **query: Unpack[AnalyticsQuery]) -> AnalyticsModels:
        """A window model by model, most requests first."""
        return cast("AnalyticsModels", self._json("analytics_models", {**tenants_of(tenant_id), **query}))

    def analytics_breakdown(self, tenant_id: Tenants, /, **query: Unpack[BreakdownQuery]) -> AnalyticsBreakdown:
        """A window told apart `by` something: `provider`, `api_key`, `metadata.team` and the like."""
        return cast("AnalyticsBreakdown", self._json("analytics_breakdown", {**tenants_of(tenant_id), **query}))

    def analytics_comparison(self, tenant_id: Tenants, /, **query: Unpack[AnalyticsQuery]) -> AnalyticsComparison:
        """A window, and the one before it."""
        return cast("AnalyticsComparison", self._json("analytics_comparison", {**tenants_of(tenant_id), **query}))

    def top_traces(self, tenant_id: Tenants, /, **query: Unpack[TopQuery]) -> TopTraces:
        """The slowest or the most expensive traces of a window."""
        return cast("TopTraces", self._json("top_traces", {**tenants_of(tenant_id), **query}))

    def analytics_tenants(self, **query: Unpack[TenantsQuery]) -> AnalyticsTenants:
        """A window tenant by tenant."""
        return cast("AnalyticsTenants", self._json("analytics_tenants", query))

    def export_to_file(self, tenant_id: str, /, **query: Unpack[ExportTarget]) -> ExportReport:
        """Writes traces or a series as JSON lines to a new file."""
        return cast("ExportReport", self._json("export_to_file", {"tenant_id": tenant_id, **query}))

    def rebuild_rollups(self, tenant_id: str, /, **stretch: Unpack[TimeRange]) -> RebuildReport:
        """Makes the rollups of a range anew from its traces, in whole days."""
        return cast("RebuildReport", self._json("rebuild_rollups", {"tenant_id": tenant_id, **stretch}))

    # Tenants.

    def create_tenant(self, tenant_id: str | None = None, /, **new: Unpack[NewTenant]) -> Tenant:
        """A tenant; without an id it gets one. `provider` is its first provider."""
        return cast("Tenant", self._json("create_tenant", {"id": tenant_id, **new}))

    def get_tenant(self, tenant_id: str, /) -> Tenant:
        """A tenant as it is stored."""
        return cast("Tenant", self._json("get_tenant", {"tenant_id": tenant_id}))

    def list_tenants(self, **page: Unpack[TenantQuery]) -> TenantPage:
        """A page of tenants, by id."""
        return cast("TenantPage", self._json("list_tenants", page))

    def iter_tenants(self, **page: Unpack[TenantQuery]) -> Iterator[Tenant]:
        """All tenants, by id, page by page of `limit`."""
        page["limit"] = page.get("limit") or 200
        while True:
            tenants = self.list_tenants(**page)
            for tenant in tenants["tenants"]:  # noqa: UP028 - as above
                yield tenant
            page["cursor"] = tenants["next_cursor"]
            if page["cursor"] is None:
                return

    def update_tenant(self, tenant_id: str, /, **update: Unpack[TenantUpdate]) -> Tenant:
        """Changes a tenant; what is left out stays as it is."""
        return cast("Tenant", self._json("update_tenant", {"tenant_id": tenant_id, **update}))

    def delete_tenant(self, tenant_id: str, /) -> None:
        """Destroys a tenant's key, so that its content is unreadable at once; rows follow in the background."""
        self._json("delete_tenant", {"tenant_id": tenant_id})

    def erase_tenant(self, tenant_id: str, /) -> ErasureReport:
        """Deletes a tenant and waits until nothing of it is left."""
        return cast("ErasureReport", self._json("erase_tenant", {"tenant_id": tenant_id}))

    # Providers.

    def set_provider(self, tenant_id: str, /, **config: Unpack[ProviderConfig]) -> ProviderInfo:
        """Adds or changes a provider: `set_provider("acme", kind="openai", api_key=...)`."""
        return cast("ProviderInfo", self._json("set_provider", {"tenant_id": tenant_id, **config}))

    def list_providers(self, tenant_id: str, /) -> list[ProviderInfo]:
        """The providers of a tenant, without their secrets."""
        answer = self._json("list_providers", {"tenant_id": tenant_id})
        return cast("list[ProviderInfo]", answer["providers"])

    def delete_provider(self, tenant_id: str, name: str, /) -> None:
        """Removes a provider and its secret."""
        self._json("delete_provider", {"tenant_id": tenant_id, "name": name})

    def get_provider_for_tenant(self, tenant_id: str, name: str | None = None, /) -> Provider:
        """A provider that can be called; the tenant's default without a name."""
        return Provider(self, self._look_up(tenant_id, name))

    def evict_provider(self, tenant_id: str, name: str | None = None, /) -> bool:
        """Forgets what is cached of a tenant's providers; whether there was anything."""
        answer = self._json("evict_provider", {"tenant_id": tenant_id, "name": name})
        return cast(bool, answer["evicted"])

    # Keys.

    def create_api_key(self, tenant_id: str, /, **new: Unpack[NewApiKey]) -> CreatedApiKey:
        """An API key of a tenant. Its `secret` is shown this once."""
        return cast("CreatedApiKey", self._json("create_api_key", {"tenant_id": tenant_id, **new}))

    def list_api_keys(self, tenant_id: str, /) -> list[ApiKey]:
        """The API keys of a tenant, revoked ones included."""
        answer = self._json("list_api_keys", {"tenant_id": tenant_id})
        return cast("list[ApiKey]", answer["api_keys"])

    def revoke_api_key(self, tenant_id: str, key_id: str, /) -> None:
        """Ends an API key."""
        self._json("revoke_api_key", {"tenant_id": tenant_id, "key_id": key_id})

    def create_admin_key(self, **new: Unpack[NewApiKey]) -> CreatedApiKey:
        """A key of the operator's, for all tenants. Its `secret` is shown this once."""
        return cast("CreatedApiKey", self._json("create_admin_key", new))

    def list_admin_keys(self) -> list[ApiKey]:
        """The keys of the operator's, revoked ones included."""
        answer = self._json("list_admin_keys", {})
        return cast("list[ApiKey]", answer["api_keys"])

    def revoke_admin_key(self, key_id: str, /) -> None:
        """Ends a key of the operator's."""
        self._json("revoke_admin_key", {"key_id": key_id})

    # The gateway itself.

    def rewrap_data_keys(self) -> RewrapReport:
        """Rotates the master key: wraps all data keys by the newest version, while calls go on."""
        return cast("RewrapReport", self._json("rewrap_data_keys", {}))

    def reprice(self, **query: Unpack[RepriceQuery]) -> RepriceReport:
        """Prices traces anew by the prices in force now, while calls go on. Doing it again changes nothing."""
        return cast("RepriceReport", self._json("reprice", query))

    def load_prices(self, prices: str | bytes, /) -> LoadedPrices:
        """Exchanges the table of prices for a newer one, as a whole or not at all; `prices` is the file's content."""
        text = prices if isinstance(prices, str) else prices.decode()
        return cast("LoadedPrices", self._json("load_prices", {"prices": text}))

    def backup(self, path: str | os.PathLike[str], /) -> None:
        """Copies a SQLite store into a file, while calls go on."""
        self._json("backup", {"path": path})

    def list_dead_letters(self, *, limit: int = 50) -> list[DeadLetter]:
        """Traces that the store refused."""
        answer = self._json("list_dead_letters", {"limit": limit})
        return cast("list[DeadLetter]", answer["dead_letters"])

    def verify(self) -> VerifyReport:
        """Whether every request that was accepted is accounted for, by each opening of a gateway on the store."""
        return cast("VerifyReport", self._json("verify", {}))

    def flush(self, *, timeout: float = 10.0) -> FlushReport:
        """Waits until the traces of all calls so far are in the store; `timeout` in seconds."""
        return cast("FlushReport", self._json("flush", {"timeout_ms": round(timeout * 1000)}))

    def stats(self) -> Stats:
        """Counters since the gateway was opened."""
        return cast("Stats", self._json("stats", {}))

    def health(self) -> Health:
        """Whether the gateway is well, and why not."""
        return cast("Health", self._json("health", {}))

    def call(self, operation: str, /, **arguments: Any) -> Any:
        """Any operation by its name, with its arguments as JSON has them."""
        return self._json(operation, {name: value for name, value in arguments.items() if value is not None})
