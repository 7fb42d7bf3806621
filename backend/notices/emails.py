"""E-mails of notices: text and HTML, with the headers by which mail programs unsubscribe. In the language of
whoever reads (backend.language). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from backend.language import reader, tr, tr_plural, worded
from backend.notices.schemas import NoticeCard

_MOST_LISTED = 100
_POLICY = SMTP.clone(max_line_length=998)
"""Folding would encode long addresses in headers, which mail programs then do not read."""
_CTE = "quoted-printable"
"""Lines of texts stay short all the same, and no server has to know 8BITMIME."""
_STYLE = (
    "font-family:system-ui,sans-serif;font-size:15px;line-height:1.5;color:#1f2328;max-width:36rem;margin:0 auto;padding:1rem"
)
_MUTED = "color:#59636e;font-size:13px"


@dataclass(frozen=True, slots=True)
class Letter:
    """`recipient`: (name, address). `message_id`: the same on every try, so that a mail program can leave out repeats.
    `inbox_url`, `settings_url`: of the studio; `unsubscribe_url`: works without signing in."""

    sender: str
    recipient: tuple[str, str]
    message_id: str
    at: datetime
    workspace: str
    inbox_url: str
    settings_url: str
    unsubscribe_url: str


def of_notice(letter: Letter, notice: NoticeCard) -> EmailMessage:
    """One notice."""
    heading = worded(notice.title)
    email = _headed(letter, heading)
    stop = tr("You get this because of “{kind}” in {workspace}.", kind=worded(notice.label), workspace=letter.workspace)
    _write(email, letter, [notice], heading=heading, stop=stop)
    return email


def digest(letter: Letter, notices: Sequence[NoticeCard]) -> EmailMessage:
    """Several notices, newest first."""
    heading = tr_plural(
        "{n:,} notice from {workspace}", "{n:,} notices from {workspace}", len(notices), workspace=letter.workspace
    )
    email = _headed(letter, heading)
    _write(email, letter, notices, heading=heading, stop=tr("This is your digest of {workspace}.", workspace=letter.workspace))
    return email


def test(letter: Letter) -> EmailMessage:
    """Asked for by the person, to see whether mail arrives."""
    email = _headed(letter, tr("A test from your studio"))
    text = tr("This e-mail was asked for in {workspace}. E-mails arrive.", workspace=letter.workspace)
    email.set_content(f"{text}\n\n{letter.settings_url}\n", cte=_CTE)
    email.add_alternative(
        _page(f"<p>{escape(text)}</p>{_link(letter.settings_url, tr('Settings of notices'))}"), subtype="html", cte=_CTE
    )
    return email


def _headed(letter: Letter, subject: str) -> EmailMessage:
    email = EmailMessage(policy=_POLICY)
    name, address = parseaddr(letter.sender)
    email["From"] = _address(name, address)
    email["To"] = _address(*letter.recipient)
    email["Subject"] = _one_line(subject)[:180]
    email["Date"] = format_datetime(letter.at)
    email["Message-ID"] = f"<{letter.message_id}@{address.rpartition('@')[2] or 'localhost'}>"
    email["Auto-Submitted"] = "auto-generated"
    email["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
    email["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return email


def _write(email: EmailMessage, letter: Letter, notices: Sequence[NoticeCard], *, heading: str, stop: str) -> None:
    listed, left = notices[:_MOST_LISTED], len(notices) - _MOST_LISTED
    is_single = len(notices) == 1 and worded(notices[0].title) == heading
    lines: list[str] = [heading, ""]
    parts: list[str] = [f"<h1 style='font-size:19px'>{escape(heading)}</h1>"]
    for notice in listed:
        title, message = worded(notice.title), worded(notice.message)
        if not is_single:
            lines.append(f"* {title}")
            parts.append(f"<p style='margin:0.8rem 0 0'><strong>{escape(title)}</strong></p>")
        if message:
            lines.append(message if is_single else f"  {_one_line(message)}")
            parts.append(f"<p style='margin:0;white-space:pre-line'>{escape(message)}</p>")
    if left > 0:
        more = tr("And {n:,} more.", n=left)
        lines.append(more)
        parts.append(f"<p>{escape(more)}</p>")
    open_inbox, stop_these, choose = tr("Open the inbox"), tr("Stop these e-mails"), tr("Choose what you are told")
    lines += ["", f"{open_inbox}: {letter.inbox_url}", "", "-- ", stop]
    lines += [f"{stop_these}: {letter.unsubscribe_url}", f"{choose}: {letter.settings_url}", ""]
    parts.append(f"<p style='margin-top:1.2rem'>{_link(letter.inbox_url, open_inbox)}</p>")
    parts.append(
        f"<p style='{_MUTED}'>{escape(stop)} {_link(letter.unsubscribe_url, stop_these)} · "
        f"{_link(letter.settings_url, choose)}</p>"
    )
    email.set_content("\n".join(lines), cte=_CTE)
    email.add_alternative(_page("".join(parts)), subtype="html", cte=_CTE)


def _page(body: str) -> str:
    return f"<!doctype html><html lang='{reader().language}'><body><div style='{_STYLE}'>{body}</div></body></html>"


def _link(url: str, label: str) -> str:
    return f"<a href='{escape(url, quote=True)}'>{escape(label)}</a>"


def _address(name: str, address: str) -> Address:
    return Address(display_name=_one_line(name), addr_spec=address)


def _one_line(value: str) -> str:
    """Without line breaks and other control characters, which headers must not have."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
