"""Requests that never end, and messages that are too large, at a real socket."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from backend.api import WRITE_CHUNK
from studio.shell import connections
from tests.support.wait import until

GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body, says its size. A WebSocket's messages are answered by theirs; /known is recognised."""
    if scope["type"] == "websocket":
        if scope["path"] == "/known":
            scope["extensions"][connections.RAISE_LIMIT]()
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": str(len(message["bytes"]))})
        return
    if scope["path"] == "/stream":
        await write_past_the_middleware(scope, send)
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def write_past_the_middleware(scope: Any, send: Any) -> None:
    """Chunks until the connection takes no more, then the answer's end, which says how many."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    written, write_chunk = 0, scope["state"][WRITE_CHUNK]
    while write_chunk(b"4000\r\n" + b"x" * 0x4000 + b"\r\n"):
        written += 1
    await send({"type": "http.response.body", "body": f"wrote {written}".encode()})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    for name, value in {
        "HEAD_TIMEOUT_S": 0.3,
        "BODY_WINDOW_S": 0.3,
        "MAX_UNFINISHED_HEADS": 3,
        "RESPONSE_STALL_S": 0.3,
    }.items():
        monkeypatch.setattr(connections, name, value)
    config = uvicorn.Config(
        answer,
        port=0,
        http=connections.LimitedHttpProtocol,
        ws=connections.LimitedWebSocketProtocol,
        lifespan="off",
        log_level="error",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


Dial = Callable[..., socket.socket]


@pytest.fixture
def dial(port: int) -> Iterator[Dial]:
    """`dial(data)` -> a connection over which the data was sent."""
    with ExitStack() as stack:

        def make(data: bytes = b"") -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            connection.sendall(data)
            return connection

        yield make


def until_closed(line: socket.socket) -> bytes:
    received = b""
    try:
        while data := line.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("start", [b"GET /he", GET[:-2], GET + GET[:-2]], ids=["line", "head", "second head"])
def test_a_head_that_does_not_come_ends_the_connection(dial: Dial, start: bytes) -> None:
    received = until_closed(dial(start))
    assert received.endswith(b"408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    assert received.count(b"200 OK") == (1 if GET in start else 0)


def test_a_connection_kept_ready_ends_without_a_word(dial: Dial) -> None:
    assert until_closed(dial()) == b""


def test_a_body_that_drips_ends_the_connection_and_a_steady_one_arrives(dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 400000\r\n\r\n"
    assert b"408" in until_closed(dial(head + b"x"))
    monkeypatch.setattr(connections, "BODY_WINDOW_S", 30.0)
    steady = dial(head)
    steady.sendall(b"x" * 400_000)
    assert b"\r\n400000\r\n" in until_closed(steady)


def test_of_one_address_only_so_many_heads_are_awaited(dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 600.0)
    lines = [dial(b"GET / HTTP/1.1\r\nX-Slow: ") for _ in range(40)]
    for line in lines[:-3]:
        assert until_closed(line) == b"", "the oldest make room, long before their time is over"
    last = dial(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"200 OK" in until_closed(last)


def test_chunks_past_the_middleware_are_part_of_the_answer_and_end_where_nobody_reads(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "RESPONSE_STALL_S", 30.0)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", "/stream")  # not read before the server has stopped
    body = line.getresponse().read()
    middle, written = body.removeprefix(b"first").split(b"wrote ")
    assert len(middle) == 0x4000 * int(written) > 0
    line.close()


def test_a_websocket_is_no_request_that_is_late(port: int, dial: Dial) -> None:
    with connect(f"ws://127.0.0.1:{port}/") as page:
        until_closed(dial(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"))
        page.send(b"hello")
        assert page.recv() == "5"


def test_a_message_is_small_until_its_sender_is_known(port: int) -> None:
    large = b"x" * (connections.ANONYMOUS_MESSAGE_BYTES + 1)
    with connect(f"ws://127.0.0.1:{port}/") as stranger:
        stranger.send(b"hello")
        assert stranger.recv() == "5"
        stranger.send(large)
        with pytest.raises(ConnectionClosed) as closed:
            stranger.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1009
    with connect(f"ws://127.0.0.1:{port}/known") as person:
        person.send(large)
        assert person.recv() == str(len(large))
        person.send(b"x" * (connections.MAX_MESSAGE_BYTES + 1))
        with pytest.raises(ConnectionClosed):
            person.recv()
