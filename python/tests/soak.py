"""Calls for a while, and looks whether the process grows: calls, streams that are read and left, errors, asyncio.

python soak.py [CALLS]      200,000 when omitted; `make soak-python` runs it
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import tempfile

import libgateway

MESSAGES = [{"role": "user", "content": "Hello " * 40}]
#: What may be left of the second half of the calls, in bytes: allocators and caches breathe.
ALLOWED = 2 << 20


def resident() -> int:
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def waiting(gateway: libgateway.Gateway, calls: int) -> None:
    for number in range(calls):
        match number % 10:
            case 0:
                list(gateway.chat_stream("acme", model="m", messages=MESSAGES))
            case 1:
                next(gateway.chat_stream("acme", model="m", messages=MESSAGES))
            case 2:
                with contextlib.suppress(libgateway.NotFoundError):
                    gateway.chat("nobody", model="m", messages=MESSAGES)
            case 3:
                gateway.get_provider_for_tenant("acme").chat(model="m", messages=MESSAGES)
            case _:
                gateway.chat("acme", model="m", messages=MESSAGES)


async def awaiting(gateway: libgateway.AsyncGateway, calls: int) -> None:
    for number in range(calls // 20):
        stream = await gateway.chat_stream("acme", model="m", messages=MESSAGES)
        await anext(stream)
        left = asyncio.ensure_future(gateway.chat("acme", model="m", messages=MESSAGES))
        await asyncio.sleep(0)
        left.cancel()
        chats = [gateway.chat("acme", model="m", messages=MESSAGES, user=str(number)) for _ in range(18)]
        await asyncio.gather(*chats, left, return_exceptions=True)


def config_in(directory: str, name: str) -> libgateway.types.Config:
    """A store on disk: one in memory grows with the calls."""
    return {"store": f"sqlite:{directory}/{name}.db", "master_key": "7" * 64}


async def main(calls: int) -> int:
    with tempfile.TemporaryDirectory() as directory, libgateway.Gateway(config_in(directory, "waiting")) as gateway:
        async with libgateway.AsyncGateway(config_in(directory, "awaiting")) as other:
            gateway.create_tenant("acme", provider={"kind": "mock"})
            await other.create_tenant("acme", provider={"kind": "mock"})
            sizes = [resident()]
            for _ in range(4):
                waiting(gateway, calls // 8)
                await awaiting(other, calls // 8)
                gateway.flush(timeout=60)
                await other.flush(timeout=60)
                sizes.append(resident())
    growth = sizes[-1] - sizes[2]
    print(
        f"{calls} calls: {', '.join(f'{size / 2**20:.1f}' for size in sizes)} MiB; second half {growth / 2**20:+.1f} MiB"
    )
    return int(growth > ALLOWED)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)))
