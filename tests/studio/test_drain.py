"""A studio that is told to stop: it says no to load balancers first, ends streams, and answers what it has begun."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backend.api import draining, probe_routes
from backend.api.event_stream import EventStream
from backend.app import App
from studio.shell.connections import LimitedHttpProtocol
from studio.shell.serve import DrainingServer
from tests.support.wait import until


async def never_ending() -> AsyncGenerator[bytes, None]:
    yield b"event: ready\n\n"
    await asyncio.sleep(3600)


async def stream(request: Request) -> EventStream:
    return EventStream(never_ending())


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def server(app: App) -> Iterator[DrainingServer]:
    routes = [*probe_routes(lambda: app), Route("/stream", stream), Route("/length", length, methods=["POST"])]
    config = uvicorn.Config(
        Starlette(routes=routes),
        port=0,
        http=LimitedHttpProtocol,
        lifespan="off",
        log_level="error",
        timeout_graceful_shutdown=20,
    )
    server = DrainingServer(config, drain_s=3600)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield server
    server.should_exit = True
    thread.join()
    draining.clear()


def connect(port: int, data: bytes) -> closing[socket.socket]:
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall(data)
    return closing(line)


def read_all(line: socket.socket) -> bytes:
    return b"".join(iter(lambda: line.recv(65536), b""))


def test_a_studio_told_to_stop_ends_in_order(server: DrainingServer) -> None:
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    upload = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n1234"
    with connect(port, b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n") as events, connect(port, upload) as half_sent:
        assert httpx.get(f"{url}/ready").status_code == 200
        head = events.recv(65536)
        while b"event: ready" not in head:
            head += events.recv(65536)
        assert b"retry: 3000" in head, "what a browser waits before it comes back"

        server.handle_exit(signal.SIGTERM, None)
        assert httpx.get(f"{url}/ready").json() == {"ready": False}
        assert httpx.post(f"{url}/length", content=b"123").text == "3", "who has not heard of it yet is still answered"

        server.handle_exit(signal.SIGTERM, None)
        assert read_all(events) == b"", "the stream ends; its client comes back"
        half_sent.sendall(b"5678")
        assert read_all(half_sent).endswith(b"\r\n\r\n8"), "what was begun is answered"
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/ready")
