"""The LLM gateway you import instead of deploy.

    import libgateway

    with libgateway.Gateway(store="sqlite:gateway.db", master_key=key) as gateway:
        gateway.create_tenant("acme", provider={"kind": "openai", "api_key": secret})
        reply = gateway.chat("acme", model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])

`AsyncGateway` has the same methods for asyncio. Everything raised is a `GatewayError`. Nothing happens at import: no
thread, no file, no network.
"""

from ._async_operations import AsyncProvider
from ._errors import (
    AuthenticationError,
    CancelledError,
    ClosedError,
    ConfigError,
    ConflictError,
    ForkedError,
    GatewayError,
    GatewayTimeoutError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    StoreError,
    UpstreamConnectionError,
    UpstreamError,
    UpstreamRateLimitError,
    UpstreamRejectedError,
)
from ._gateway import AsyncGateway, Gateway
from ._json import ALL_TENANTS
from ._logging import log_to
from ._native import __version__
from ._operations import Provider
from ._reply import Reply
from ._server import AsyncServer, Server
from ._stream import AsyncStream, Stream

__all__ = [
    "ALL_TENANTS",
    "AsyncGateway",
    "AsyncProvider",
    "AsyncServer",
    "AsyncStream",
    "AuthenticationError",
    "CancelledError",
    "ClosedError",
    "ConfigError",
    "ConflictError",
    "ForkedError",
    "Gateway",
    "GatewayError",
    "GatewayTimeoutError",
    "InternalError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "Provider",
    "RateLimitError",
    "Reply",
    "Server",
    "StoreError",
    "Stream",
    "UpstreamConnectionError",
    "UpstreamError",
    "UpstreamRateLimitError",
    "UpstreamRejectedError",
    "__version__",
    "log_to",
]
