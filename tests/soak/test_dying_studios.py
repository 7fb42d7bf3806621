"""Studio processes are killed again and again while programs make things, renew tokens and listen. `make soak`.

Two studios on one database, each started again when it was killed. Each program sends a request with one Idempotency-Key until
it is answered, to whichever studio is there; listeners come back with Last-Event-ID. STUDIO_KILLS changes how many. The last
line is JSON.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from backend import access
from backend.access import ApiKeyDraft
from backend.accounts import passwords
from backend.app import App
from backend.db.tables import Board, ContentPlan, EventRow, Influencer, PromptTemplate, SessionRow, TextDraft
from backend.db.transactions import Anonymous
from backend.kit.ids import new_id
from tests.e2e.conftest import free_port
from tests.factories.account import Tenant, make_person
from tests.factories.posts import make_planner
from tests.soak.studio_processes import StudioProcesses
from tests.support.wait import until

pytestmark = pytest.mark.kill
KILLS = int(os.environ.get("STUDIO_KILLS", "30"))
SEED = int(os.environ.get("SOAK_SEED", "7"))
MAKERS, RENEWERS, LISTENERS = 4, 3, 6
PATIENCE_S = 240.0
PASSWORD = "correct horse battery"
ENDED = 401


@pytest.fixture
def servers(environment: dict[str, str], tmp_path: Path) -> Iterator[StudioProcesses]:
    both = StudioProcesses(environment, tmp_path)
    for _ in range(2):
        both.start(free_port())
    yield both
    both.stop()


@dataclass
class Findings:
    """`made`: (noun, name) -> the id that was answered. `answers`: what a repeated request was told -> how often."""

    made: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    renewals: Counter[str] = field(default_factory=Counter)
    """Session -> refresh tokens of it that were answered with new ones."""
    lost_renewals: set[str] = field(default_factory=set)
    """Sessions with a renewal whose answer was lost."""
    received: dict[int, list[str]] = field(default_factory=dict)
    """Listener -> ids of events in the order they came."""
    received_from: dict[int, int] = field(default_factory=dict)
    resumed: int = 0


@dataclass
class Campaign:
    servers: StudioProcesses
    key: str
    influencer_id: str
    channel_id: str
    findings: Findings = field(default_factory=Findings)
    ended: threading.Event = field(default_factory=threading.Event)
    """No program begins anything new."""
    all_received: threading.Event = field(default_factory=threading.Event)

    def begin(self, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception as error:
                self.findings.wrong.append(f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def make_things(self, n: int) -> None:
        dice = random.Random(SEED + n)
        while not self.ended.is_set():
            noun = dice.choice(sorted(NOUNS))
            self.make(noun, f"{noun} {n} {len(self.findings.made)}", dice)

    def make(self, noun: str, name: str, dice: random.Random) -> None:
        """Sends the request with one key until it is answered."""
        path, key, gives_up_at, tries = NOUNS[noun].path, new_id("key"), time.monotonic() + PATIENCE_S, 0
        body = NOUNS[noun].body(self, name)
        while time.monotonic() < gives_up_at:
            tries += 1
            try:
                answer = httpx.post(
                    f"{self.servers.any_url(dice)}/api{path}",
                    json=body,
                    headers={"authorization": f"Bearer {self.key}", "idempotency-key": key},
                    timeout=30,
                )
            except httpx.HTTPError as error:
                self.findings.answers[type(error).__name__] += 1
                time.sleep(0.1)
                continue
            if answer.status_code in (200, 201):
                if tries > 1:
                    replayed = "idempotency-replayed" in answer.headers
                    repeat = (
                        "id and status" if "statusCode" in answer.json() else "the first answer" if replayed else "done now"
                    )
                    self.findings.answers[repeat] += 1
                self.findings.made[noun, name] = str(answer.json()["id"])
                return
            waits = answer.status_code == 503 or (answer.status_code == 409 and "still runs" in answer.text)
            self.findings.answers[str(answer.status_code)] += 1
            if not waits:
                self.findings.wrong.append(f"{path} after {tries} tries: {answer.status_code} {answer.text[:300]}")
                return
            time.sleep(1)
        self.findings.wrong.append(f"{path} was not answered within {PATIENCE_S:.0f} s")

    def renew_tokens(self, n: int, email: str) -> None:
        dice = random.Random(SEED + 100 + n)
        while not self.ended.is_set():
            tokens = self._ask(dice, "/auth/login", {"email": email, "password": PASSWORD})
            if tokens is not None:
                self._renew_until_it_ends(dice, tokens.json())
            self.ended.wait(0.5)

    def _renew_until_it_ends(self, dice: random.Random, tokens: dict[str, Any]) -> None:
        session_id = str(jwt.decode(tokens["accessToken"], options={"verify_signature": False})["sid"])
        self.findings.renewals[session_id] += 0
        while not self.ended.is_set():
            used = tokens["refreshToken"]
            answer = self._ask(dice, "/auth/refresh", {"refreshToken": used})
            if answer is None:  # lost: whether it was renewed shows with the same token sent again
                self.findings.lost_renewals.add(session_id)
                continue
            if answer.status_code == ENDED:
                if session_id not in self.findings.lost_renewals:
                    self.findings.wrong.append(f"A session ended without a reason: {answer.text}")
                self._is_refused(dice, tokens["accessToken"])
                return
            tokens = answer.json()
            self.findings.renewals[session_id] += 1
            if dice.random() < 0.05:
                again = self._ask(dice, "/auth/refresh", {"refreshToken": used})
                if again is not None:
                    if again.status_code != ENDED:
                        self.findings.wrong.append(f"A refresh token was taken twice: {again.status_code}")
                    self._is_refused(dice, tokens["accessToken"])
                    return
                self.findings.lost_renewals.add(session_id)
            self.ended.wait(dice.uniform(0.0, 0.1))

    def _is_refused(self, dice: random.Random, access_token: str) -> None:
        """Of a session that has ended, by each studio that answers."""
        for port in sorted(self.servers.running):
            with suppress(httpx.HTTPError):
                headers = {"authorization": f"Bearer {access_token}"}
                answer = httpx.get(f"http://127.0.0.1:{port}/api/boards", headers=headers, timeout=30)
                if answer.status_code not in (ENDED, 503):
                    self.findings.wrong.append(f"A token of an ended session was taken: {answer.status_code}")

    def _ask(self, dice: random.Random, path: str, body: dict[str, str]) -> httpx.Response | None:
        """None: no answer, or none yet."""
        try:
            answer = httpx.post(f"{self.servers.any_url(dice)}/api{path}", json=body, timeout=30)
        except httpx.HTTPError:
            return None
        return answer if answer.status_code in (200, ENDED) else None

    def listen(self, n: int) -> None:
        dice, received, last = random.Random(SEED + 200 + n), self.findings.received.setdefault(n, []), ""
        while not self.all_received.is_set():
            headers = {"authorization": f"Bearer {self.key}", **({"last-event-id": last} if last else {})}
            address = f"{self.servers.any_url(dice)}/api/events"
            try:
                with httpx.stream("GET", address, headers=headers, timeout=httpx.Timeout(5, read=40)) as stream:
                    self.findings.resumed += bool(last)
                    last = self._receive(n, stream.iter_lines(), received, last)
            except httpx.HTTPError:
                time.sleep(0.1)

    def _receive(self, n: int, lines: Iterator[str], received: list[str], last: str) -> str:
        """Until the connection is cut; the id of the last event."""
        name = position = ""
        with suppress(httpx.HTTPError):
            for line in lines:
                word, _, value = line.partition(": ")
                if word == "event":
                    name = value
                elif word == "id":
                    position = value
                elif word == "data" and name == "ready":
                    self.findings.received_from.setdefault(n, int(position))
                    last = last or position
                elif word == "data" and name == "reset":
                    self.findings.wrong.append("A listener was told to read anew.")
                elif word == "data" and name not in ("jobs", "signed_out"):
                    received.append(json.loads(value)["id"])
                    last = position
                if self.all_received.is_set():
                    break
        return last


@dataclass(frozen=True)
class Noun:
    """`key`: the row has the name in this column."""

    path: str
    table: Any
    name: Any
    body: Callable[[Campaign, str], dict[str, Any]]


NOUNS = {
    "board": Noun("/boards", Board, Board.name, lambda _, name: {"name": name}),
    "influencer": Noun("/influencers", Influencer, Influencer.name, lambda _, name: {"name": name}),
    "template": Noun(
        "/recipes/templates", PromptTemplate, PromptTemplate.name, lambda _, name: {"name": name, "prompt": "a beach"}
    ),
    "plan": Noun(
        "/content-plans",
        ContentPlan,
        ContentPlan.topic,
        lambda campaign, name: {
            "influencerId": campaign.influencer_id,
            "topic": name,
            "variants": [{"channelId": campaign.channel_id, "caption": name}],
        },
    ),
    "draft": Noun(
        "/drafts",
        TextDraft,
        TextDraft.topic,
        lambda campaign, name: {"influencerId": campaign.influencer_id, "topic": name, "caption": name},
    ),
}


def test_studios_are_killed_and_nothing_is_made_twice_or_missed(app: App, workspace: Tenant, servers: StudioProcesses) -> None:
    dice = random.Random(SEED)
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        key = access.create(tx, ApiKeyDraft(name="soak", scopes=("*:read", "*:write"))).secret
        planner = make_planner(tx, "Zara")
    password_hash = passwords.hash_password(SecretStr(PASSWORD))
    people = [make_person(app.db, workspace.id, "editor", password_hash=password_hash) for _ in range(RENEWERS)]
    campaign = Campaign(servers, key, planner.influencer.id, planner.channel.id)
    findings = campaign.findings
    for port in servers.running:
        servers.wait_for(port)
    ears = [campaign.begin(partial(campaign.listen, n)) for n in range(LISTENERS)]
    until(lambda: len(findings.received_from) == LISTENERS, 60, what="listeners")
    programs = [campaign.begin(partial(campaign.make_things, n)) for n in range(MAKERS)]
    programs += [campaign.begin(partial(campaign.renew_tokens, n, person.email)) for n, person in enumerate(people)]
    began = time.monotonic()
    for n in range(KILLS):
        time.sleep(dice.uniform(0.5, 4.0))
        port = sorted(servers.running)[n % 2]
        servers.kill(port)
        servers.start(port)
        servers.wait_for(port)
    campaign.ended.set()
    for program in programs:
        program.join(PATIENCE_S + 60)
    events = all_events(app, workspace, min(findings.received_from.values()))
    until(lambda: all(events[-1][1] in received[-50:] for received in findings.received.values()), 120, what="the last event")
    campaign.all_received.set()
    figures = {
        "kills": KILLS, "seconds": round(time.monotonic() - began), "seed": SEED, "made": len(findings.made),
        "repeated": dict(findings.answers), **made_wrongly(app, workspace, findings),
        "renewals": findings.renewals.total(), "sessions": len(findings.renewals), **renewed_wrongly(app, findings),
        "events": len(events), "listeners": len(ears), "resumed": findings.resumed, **delivery_faults(events, findings),
    }  # fmt: skip
    print("\n" + json.dumps(figures))
    assert not findings.wrong, (figures, findings.wrong[:10])
    faults = ("made_twice", "not_made", "renewed_twice", "events_missed", "events_twice", "out_of_order")
    assert {name: figures[name] for name in faults} == dict.fromkeys(faults, 0), figures


def made_wrongly(app: App, workspace: Tenant, findings: Findings) -> dict[str, int]:
    """By the database: each name is there once, under the id that was answered."""
    twice = missing = 0
    with app.db.transaction(workspace.caller) as tx:
        for noun, kind in NOUNS.items():
            rows = Counter[tuple[str, str]]()
            rows.update((str(name), str(row_id)) for name, row_id in tx.execute(select(kind.name, kind.table.id)))
            names = Counter(name for name, _ in rows.elements())
            asked = {name: row_id for (asked_noun, name), row_id in findings.made.items() if asked_noun == noun}
            twice += sum(names[name] > 1 for name in asked)
            missing += sum((name, row_id) not in rows for name, row_id in asked.items())
    return {"made_twice": twice, "not_made": missing}


def renewed_wrongly(app: App, findings: Findings) -> dict[str, int]:
    """Each renewal that was answered counts one. One whose answer was lost may count beside; its session has ended."""
    with app.db.transaction(Anonymous()) as tx:
        sessions = {row.id: row for row in tx.scalars(select(SessionRow).where(SessionRow.kind == "program"))}
    twice = 0
    for session_id, renewals in findings.renewals.items():
        row = sessions[session_id]
        unseen = row.refreshes - renewals
        twice += unseen != 0 and not (unseen == 1 and session_id in findings.lost_renewals)
    ended = sum(row.revoked_at is not None for row in sessions.values())
    return {"sessions_ended": ended, "answers_lost": len(findings.lost_renewals), "renewed_twice": twice}


def all_events(app: App, workspace: Tenant, behind: int) -> list[tuple[int, str]]:
    """(position, id) in order."""

    def numbered() -> list[tuple[int, str]]:
        with app.db.transaction(workspace.caller) as tx:
            rows = tx.execute(select(EventRow.position, EventRow.id).order_by(EventRow.position)).all()
        return [] if any(position is None for position, _ in rows) else [(place, event_id) for place, event_id in rows]

    return [(place, event_id) for place, event_id in until(numbered, 30, what="positions") if place > behind]


def delivery_faults(events: list[tuple[int, str]], findings: Findings) -> dict[str, int]:
    missed = twice = disordered = 0
    for n, received in findings.received.items():
        expected = [event_id for place, event_id in events if place > findings.received_from[n]]
        missed += len(set(expected) - set(received))
        twice += len(received) - len(set(received))
        disordered += list(dict.fromkeys(received)) != expected
    return {"events_missed": missed, "events_twice": twice, "out_of_order": disordered}
