"""Turns methods that wait into methods that are awaited."""

import re

#: What comes before everything else of the module's own.
HEAD = '"""Every operation as a method, for asyncio. Written by `make gen` from `_operations.py`."""\n'

RULES = [
    (r'\A""".*?"""\n', HEAD),
    (r"import Request, SyncCalls", "import AsyncCalls, Request"),
    (r"\bSyncCalls\b", "AsyncCalls"),
    (r"\bStream\b", "AsyncStream"),
    (r"\bIterator\b", "AsyncIterator"),
    (r"\bclass Operations\b", "class AsyncOperations"),
    (r"(?<![\w\"])Provider(?=[(:])(?<!_native.Provider)", "AsyncProvider"),
    (r"-> Provider:", "-> AsyncProvider:"),
    # A stream is opened by whoever reads it; everything else waits.
    (r"(?m)^    def (?!_|name\b|kind\b|chat_stream\b|responses_stream\b)", "    async def "),
    (r"self\.(_json|_reply|_look_up|list_traces|list_tenants)\(", r"await self.\1("),
]


def asyncified(source: str) -> str:
    """The same module for asyncio."""
    for pattern, replacement in RULES:
        source = re.sub(pattern, replacement, source, flags=re.DOTALL)
    return source
