"""A real SMTP server (aiosmtpd) on this machine, with faults."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailServer:
    """`refused`: addresses that do not exist; `busy`: answers 421 to so many messages; `hangs`: takes a message and never
    answers; `taken`: (recipient, message) in order."""

    refused: set[str] = field(default_factory=set)
    busy: int = 0
    hangs: bool = False
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    url: str = ""

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        if address in self.refused:
            return "550 5.1.1 There is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.busy:
            self.busy -= 1
            return "421 4.3.2 Come back later"
        content = envelope.content or b""
        assert b"\r\nList-Unsubscribe: <http" in bytes(content), "as mail programs read it: neither folded nor encoded"  # type: ignore[arg-type]
        message = email.message_from_bytes(bytes(content), policy=email.policy.default)  # type: ignore[arg-type]
        self.taken += [(address, message) for address in envelope.rcpt_tos]
        if self.hangs:
            await asyncio.sleep(3600)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serves in a thread. Sockets are closed at the end, hanging answers given up."""
    server, ready = MailServer(), threading.Event()
    loop = asyncio.new_event_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    server.url = f"smtp://127.0.0.1:{listening.getsockname()[1]}"

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(loop.create_server(lambda: SMTP(server, hostname="localhost", loop=loop), sock=listening))
        ready.set()
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listening.close()
        loop.close()
