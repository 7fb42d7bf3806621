"""Sends e-mails by SMTP: one connection for many, each to one address, so that a refused address is nobody else's trouble."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Literal
from urllib.parse import unquote, urlsplit

from backend.errors import Invalid
from backend.kit.hosts import is_loopback
from backend.language import tr_lazy

TIMEOUT_S = 20.0
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    user: str = ""
    password: str = ""
    is_tls: bool = False


@dataclass(frozen=True, slots=True)
class SendResult:
    """`refused`: the server does not take mail for this address, whatever is sent; `failed`: not this message; `later`: not
    now. `reason`: what the server said."""

    state: Literal["sent", "refused", "failed", "later"]
    reason: str = ""


def parsed(url: str) -> MailServer:
    """Of SMTP_URL. Raises Invalid."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _PORTS or not parts.hostname or port == -1:
        raise Invalid(tr_lazy("SMTP_URL is not smtp://user:password@host:587 or smtps://user:password@host:465."))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port or _PORTS[parts.scheme], user, password, parts.scheme == "smtps")


class Mailer:
    """A connection that is opened with the first message and again after it broke; used by one thread."""

    def __init__(self, url: str) -> None:
        """`url`: SMTP_URL."""
        self._url = url
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Mailer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()

    def send(self, email: EmailMessage, address: str) -> SendResult:
        """Sends it to one address. Raises nothing for what the server does."""
        try:
            smtp = self._smtp = self._smtp or self._connect()
            smtp.send_message(email, to_addrs=[address])
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            if code == 421:
                self._drop()
            return SendResult("refused" if 500 <= code < 600 else "later", _reason(code, reply))
        except smtplib.SMTPDataError as error:
            if error.smtp_code == 421:
                self._drop()
            return SendResult("failed" if 500 <= error.smtp_code < 600 else "later", _reason(error.smtp_code, error.smtp_error))
        except smtplib.SMTPResponseException as error:  # sender, sign-in, greeting: nothing that the person can change
            self._drop()
            return SendResult("later", _reason(error.smtp_code, error.smtp_error))
        except Invalid as error:
            return SendResult("later", error.message)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return SendResult("later", tr_lazy("The mail server does not answer: {error}", error=str(error)[:250]))
        return SendResult("sent")

    def _connect(self) -> smtplib.SMTP:
        """With TLS wherever the server has it; a password is never sent to another machine without it."""
        server, context = parsed(self._url), ssl.create_default_context()
        if server.is_tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
        try:
            if not server.is_tls:
                smtp.ehlo()
                if smtp.has_extn("starttls"):
                    smtp.starttls(context=context)
                elif server.user and not is_loopback(server.host):
                    raise smtplib.SMTPNotSupportedError("it has no STARTTLS, and a password is not sent without it")
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _reason(code: int, reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {' '.join(words.split())}"[:300]
