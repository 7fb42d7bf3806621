"""Notices outside of the inbox, on a real SMTP server: once, at the right time, and told where nothing arrives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import func, select, update
from standardwebhooks import Webhook

from backend import accounts, events, notices
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import Notice, NoticeDelivery
from backend.db.transactions import SystemCaller
from backend.errors import Invalid, NotFound, NotPermitted, Refused
from backend.kit import outgoing_client
from backend.kit.outgoing_client import Answer
from backend.notices import HourSettings, Preference, delivery, mail_server, push, watch
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.servers import mail
from tests.servers.mail import MailServer
from tests.support.browsing import browser


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with mail.mail_server() as server:
        yield server


@pytest.fixture
def mailing(settings: Settings, smtp: MailServer) -> Iterator[App]:
    changed = settings.replace(SMTP_URL=smtp.url, NOTICE_SETTLE_S=0, PUBLIC_URL="https://studio.test")
    app = bootstrap(changed, role="worker")
    yield app
    app.close()


def happen(app: App, tenant: Tenant, n: int = 1, kind: str = "channel.reconnect") -> None:
    """Something that editors and owners are mailed by default: the e-mails are due at once."""
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        for _ in range(n):
            events.record(tx, kind, "channel", "chn_1", {"trouble": "The permission was <revoked>."})
    notices.Feeder(app).tick()


def make_due(app: App, tenant: Tenant) -> None:
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        tx.execute(update(NoticeDelivery).values(next_at=func.clock_timestamp()))


def states(app: App, tenant: Tenant) -> dict[str, tuple[str, int]]:
    """Person -> state and tries of their message."""
    with app.db.transaction(SystemCaller(tenant.id)) as tx:
        rows = tx.execute(select(NoticeDelivery.user_id, NoticeDelivery.state, NoticeDelivery.attempts))
        return {user_id: (state, attempts) for user_id, state, attempts in rows}


def test_a_notice_is_mailed_once_with_text_html_and_one_click_to_stop(
    mailing: App, workspace: Tenant, smtp: MailServer
) -> None:
    with mailing.db.transaction(workspace.owner.caller) as tx:
        accounts.set_reading(tx, accounts.ReadingSettings(language="it"))
    happen(mailing, workspace, n=12)
    assert delivery.deliver_due(mailing) == 2
    assert delivery.deliver_due(mailing) == 0
    assert {address for address, _ in smtp.taken} == {workspace.owner.email, workspace.editor.email}
    message = dict(smtp.taken)[workspace.editor.email]
    assert message["Subject"] == "A channel must be connected again"
    italian = dict(smtp.taken)[workspace.owner.email]
    assert italian["Subject"] == "Un canale: da collegare di nuovo"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "The permission was <revoked>." in plain.get_content()
    assert "&lt;revoked&gt;" in html.get_content()
    link = str(message["List-Unsubscribe"]).strip("<>")
    path = link.removeprefix("https://studio.test/api")
    with browser(mailing, None) as stranger:
        assert "channel must be connected again" in stranger.get(path).text
        italian_path = str(italian["List-Unsubscribe"]).strip("<>").removeprefix("https://studio.test/api")
        assert "Disattivare le e-mail" in stranger.get(italian_path).text
        assert preference(mailing, workspace).email == "now", "looking stops nothing"
        assert stranger.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert stranger.post(path).status_code == 200
        assert stranger.post(path[:-1] + "x").status_code == 404
    assert preference(mailing, workspace) == Preference(in_app=True, email="off", webhook=True, apprise=True)
    with mailing.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(Notice).values(read_at=func.clock_timestamp()))
    happen(mailing, workspace)
    delivery.deliver_due(mailing)
    assert [address for address, _ in smtp.taken[2:]] == [workspace.owner.email]


def preference(app: App, tenant: Tenant, kind: str = "channel.refused") -> Preference:
    with app.db.transaction(tenant.editor.caller) as tx:
        return next(card.preference for card in notices.preferences(tx, app.settings) if card.kind == kind)


def test_a_server_that_refuses_half_of_the_people_hinders_nobody_else(
    mailing: App, workspace: Tenant, smtp: MailServer
) -> None:
    smtp.refused = {workspace.owner.email}
    happen(mailing, workspace)
    delivery.deliver_due(mailing)
    assert [address for address, _ in smtp.taken] == [workspace.editor.email]
    assert states(mailing, workspace) == {workspace.owner.id: ("failed", 1), workspace.editor.id: ("delivered", 1)}
    notices.Feeder(mailing).tick()
    with mailing.db.transaction(workspace.owner.caller) as tx:
        titles = [card.title for card in notices.page(tx).cards]
        assert "nobody of that name" in notices.hour_settings(tx, mailing.settings).refusal
    assert titles[0] == "Messages to your e-mail address cannot be delivered"
    with mailing.db.transaction(SystemCaller(workspace.id)) as tx:
        tx.execute(update(Notice).values(read_at=func.clock_timestamp()))
    happen(mailing, workspace)
    delivery.deliver_due(mailing)
    assert len(smtp.taken) == 2, "nothing more is sent there"
    with pytest.raises(Refused, match="nobody of that name"):
        notices.send_test_email(mailing, workspace.owner.caller)
    smtp.refused = set()
    notices.send_test_email(mailing, workspace.owner.caller)
    with mailing.db.transaction(workspace.owner.caller) as tx:
        assert notices.hour_settings(tx, mailing.settings).refused_email == ""


def test_a_busy_a_silent_and_a_missing_server_are_tried_again(
    mailing: App, workspace: Tenant, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp.busy = 2
    happen(mailing, workspace)
    assert delivery.deliver_due(mailing) == 2
    assert delivery.deliver_due(mailing) == 0, "not before its time"
    assert set(states(mailing, workspace).values()) == {("pending", 1)}
    monkeypatch.setattr(mail_server, "TIMEOUT_S", 0.2)
    smtp.hangs = True
    make_due(mailing, workspace)
    delivery.deliver_due(mailing)
    assert set(states(mailing, workspace).values()) == {("pending", 2)}
    away = replace_smtp(mailing, "smtp://127.0.0.1:1")
    make_due(mailing, workspace)
    delivery.deliver_due(away)
    assert set(states(mailing, workspace).values()) == {("pending", 3)}
    smtp.hangs = False
    make_due(mailing, workspace)
    delivery.deliver_due(mailing)
    assert set(states(mailing, workspace).values()) == {("delivered", 4)}
    repeats = [message["Message-ID"] for address, message in smtp.taken if address == workspace.owner.email]
    assert len(repeats) == 2, "the silent server had taken it: this is the one way to get it twice"
    assert len(set(repeats)) == 1, "and mail programs can tell"


def replace_smtp(app: App, url: str) -> App:
    return replace(app, settings=app.settings.replace(SMTP_URL=url))


def test_a_sender_that_is_killed_before_it_noted_sends_the_same_message_again(
    mailing: App, workspace: Tenant, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(mailing, workspace)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_note", die)
        with pytest.raises(Killed):
            delivery.deliver_due(mailing)
    assert len(smtp.taken) == 1
    assert delivery.deliver_due(mailing) == 0, "the claim holds"
    make_due(mailing, workspace)
    delivery.deliver_due(mailing)
    ids = [str(message["Message-ID"]) for _, message in smtp.taken]
    assert len(ids) == 3
    assert len(set(ids)) == 2


def test_quiet_hours_hold_messages_and_a_change_of_zone_lets_them_go(mailing: App, workspace: Tenant, smtp: MailServer) -> None:
    with mailing.db.transaction(workspace.owner.caller) as tx:
        now = tx.scalars(select(func.clock_timestamp())).one()
        around = f"{now - timedelta(minutes=90):%H:%M}", f"{now + timedelta(minutes=90):%H:%M}"
        notices.set_hours(tx, mailing.settings, HourSettings(zone="UTC", quiet_from=around[0], quiet_to=around[1]))
        with pytest.raises(Invalid, match="time zone"):
            notices.set_hours(tx, mailing.settings, HourSettings(zone="Mars/Olympus"))
    happen(mailing, workspace)
    delivery.deliver_due(mailing)
    assert [address for address, _ in smtp.taken] == [workspace.editor.email]
    assert states(mailing, workspace)[workspace.owner.id] == ("pending", 0), "being held is no try"
    with mailing.db.transaction(workspace.owner.caller) as tx:
        notices.set_hours(tx, mailing.settings, HourSettings(zone="Asia/Tokyo", quiet_from=around[0], quiet_to=around[1]))
    delivery.deliver_due(mailing)
    assert [address for address, _ in smtp.taken] == [workspace.editor.email, workspace.owner.email]


def test_a_digest_is_one_e_mail_of_all_that_is_unread(mailing: App, workspace: Tenant, smtp: MailServer) -> None:
    daily = Preference(email="daily")
    with mailing.db.transaction(workspace.editor.caller) as tx:
        notices.set_preferences(tx, mailing.settings, {"training.done": daily, "channel.refused": daily})
        with pytest.raises(Invalid, match="for you"):
            notices.set_preferences(tx, mailing.settings, {"disk": daily})
    with mailing.db.transaction(SystemCaller(workspace.id)) as tx:
        for n in range(3):
            events.record(tx, "training.finished", "training", f"run_{n}", {"name": f"bella-{n}"})
    happen(mailing, workspace)
    with mailing.db.transaction(workspace.editor.caller) as tx:
        read = next(card for card in notices.page(tx).cards if "bella-1" in card.title)
        notices.mark(tx, read.id)
    delivery.deliver_due(mailing)
    assert [address for address, _ in smtp.taken] == [workspace.owner.email], "the digest's hour has not come"
    make_due(mailing, workspace)
    delivery.deliver_due(mailing)
    [(address, message)] = smtp.taken[1:]
    assert (address, message["Subject"]) == (workspace.editor.email, "3 notices from Studio")
    plain = message.get_body(("plain",))
    assert plain is not None
    assert "bella-0" in plain.get_content()
    assert "bella-1" not in plain.get_content()
    make_due(mailing, workspace)
    assert delivery.deliver_due(mailing) == 0


def test_who_has_left_gets_nothing(mailing: App, workspace: Tenant, smtp: MailServer) -> None:
    happen(mailing, workspace)
    with mailing.db.transaction(workspace.owner.caller) as tx:
        accounts.remove_member(tx, workspace.editor.id)
    delivery.deliver_due(mailing)
    assert [address for address, _ in smtp.taken] == [workspace.owner.email]
    assert states(mailing, workspace)[workspace.editor.id][0] == "dropped"


def test_other_addresses_are_checked_sealed_and_sent_to(
    mailing: App, workspace: Tenant, smtp: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = [
        "https://127.0.0.1/x", "http://example.org/x", "json://example.org/x", "mailto://a:b@example.org", "file:///etc/passwd",
        "ntfy://10.0.0.1/topic", "ntfys://ntfy.sh.evil.example/topic", "ntfy://topic?click=x", "tgram://nonsense", "slack://",
        "ntfys://ntfy.sh:8080@evil.example/topic", "x" * 1001, "not an address",
    ]  # fmt: skip
    posted: list[tuple[str, bytes, dict[str, str]]] = []
    pushed: list[str] = []

    def send(_client: object, _method: str, url: str, *, content: bytes, headers: dict[str, str]) -> Answer:
        posted.append((url, content, headers))
        return Answer(200) if len(posted) > 1 else Answer(None, outgoing_client.NOT_REACHED)

    def push_one(_settings: Settings, url: str, *, title: str, message: str, link: str) -> Any:
        pushed.append(title)
        return mail_server.SendResult("sent")

    monkeypatch.setattr(outgoing_client.OutgoingClient, "send", send)
    monkeypatch.setattr(push, "push", push_one)
    with mailing.db.transaction(workspace.owner.caller) as tx:
        for url in refused:
            with pytest.raises(Invalid):
                notices.add_target(tx, mailing.settings, url)
        hook = notices.add_target(tx, mailing.settings, "https://n8n.example.org/webhook/x?key=secret")
        notices.add_target(tx, mailing.settings, "ntfys://ntfy.sh/my-studio")
        labels = [card.label for card in notices.targets(tx)]
        tx.info["api_key_id"] = "apk_1"
        with pytest.raises(NotPermitted):
            notices.add_target(tx, mailing.settings, "ntfy://topic")
    assert labels == ["Webhook · n8n.example.org", "ntfy · ntfy.sh"]
    with mailing.db.transaction(workspace.editor.caller) as tx:
        assert notices.targets(tx) == []
        with pytest.raises(NotFound):
            notices.remove_target(tx, hook.card.id)
    happen(mailing, workspace)
    delivery.deliver_due(mailing)
    assert pushed == ["A channel must be connected again"]
    make_due(mailing, workspace)
    delivery.deliver_due(mailing)
    assert len({headers["webhook-id"] for _, _, headers in posted}) == 1
    Webhook(hook.secret).verify(posted[1][1], posted[1][2])
    assert notices.send_test(mailing, workspace.owner.caller, hook.card.id).last_error == ""
    with mailing.db.transaction(workspace.owner.caller) as tx:
        notices.remove_target(tx, hook.card.id)


def test_a_message_to_ntfy_is_posted_to_its_topic(settings: Settings) -> None:
    """By Apprise itself, on a server of this machine that the operator has allowed."""
    posted: list[dict[str, Any]] = []

    class Ntfy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200 if len(posted) == 1 else 302)
            self.send_header("location", "http://127.0.0.1:1/")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Ntfy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ntfy://127.0.0.1:{server.server_port}/my-studio"
        allowed = settings.replace(NOTICE_PUSH_HOSTS="127.0.0.1")
        results = [push.push(allowed, url, title="A title", message="A message", link="https://x") for _ in range(2)]
        server.shutdown()
    assert [result.state for result in results] == ["sent", "later"], "redirects are not followed"
    assert (posted[0]["topic"], posted[0]["title"]) == ("my-studio", "A title")
    assert posted[0]["message"].startswith("A message")


def test_an_ntfy_host_that_is_no_longer_allowed_gets_nothing(settings: Settings) -> None:
    strict = settings.replace(NOTICE_PUSH_HOSTS="")
    assert push.push(strict, "ntfys://ntfy.sh/x", title="t", message="m", link="l").state == "failed"


def test_the_sender_and_the_feed_look_at_a_week_and_a_disk(
    mailing: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOW_DISK_BYTES", 2**80)
    assert notices.record_low_disk(mailing)
    assert notices.record_low_disk(mailing)
    with mailing.db.transaction(SystemCaller(workspace.id)) as tx:
        later = tx.scalars(select(func.clock_timestamp())).one() + timedelta(days=7)
        tx.info["user_id"] = workspace.editor.id
    monkeypatch.setattr(watch, "database_now", lambda _tx: later.replace(hour=12))
    monkeypatch.setattr(watch, "week_summary", lambda _tx, _until: "3 posts published.")
    assert notices.report_week(mailing) >= 1
    assert notices.report_week(mailing) == 0
    notices.Feeder(mailing).tick()
    with mailing.db.transaction(workspace.viewer.caller) as tx:
        [report] = notices.page(tx).cards
    assert (report.kind, report.message) == ("report.weekly", "3 posts published.")
    with mailing.db.transaction(workspace.owner.caller) as tx:
        assert notices.counts(tx).by_kind == {"disk": 1, "report.weekly": 1}
