"""A mail server that keeps what it is sent (SMTP without sign-in or encryption, RFC 5321)."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._answer("220 mail.test")
        while line := self.rfile.readline():
            match line[:4].strip().upper():
                case b"DATA":
                    self._answer("354 end with a dot")
                    self.server.messages.append(self._message())  # type: ignore[attr-defined]
                    self._answer("250 kept")
                case b"QUIT":
                    self._answer("221 bye")
                    return
                case _:
                    self._answer("250 mail.test")

    def _answer(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = message_from_bytes(b"".join(lines), policy=default)
        assert isinstance(message, EmailMessage)
        return message


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        super().__init__(("127.0.0.1", 0), _Session)


class MailSink:
    """`with MailSink() as mail`: listens on `mail.port`."""

    def __enter__(self) -> MailSink:
        self._server = _Server()
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="mail sink", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def messages(self) -> list[EmailMessage]:
        """In the order they came."""
        return self._server.messages
