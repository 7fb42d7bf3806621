"""The sender: finds messages that are due, in all workspaces, sends each at least once, and notes what became of it.

Any number may run. A message is claimed for longer than a try may take, so two send the same one only when the first was
killed or the network swallowed its answer; receivers leave out repeats by `webhook-id`.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from backend import VERSION, events
from backend.db.tables import FINAL, Job, WebhookAttempt, WebhookEndpoint, WebhookMessage
from backend.db.tables.message_column import words_of
from backend.db.transactions import SystemCaller
from backend.errors import Invalid
from backend.kit.ids import new_id
from backend.kit.outgoing_client import Answer, OutgoingClient
from backend.kit.outgoing_rules import ANYWHERE
from backend.kit.secrets import KeyRing
from backend.language import tr_lazy, tr_lazy_plural
from backend.webhooks.event_messages import write_event_messages
from backend.webhooks.retries import GONE, SLOW_STATUSES, next_delay_s
from backend.webhooks.schemas import BODY_BUILDERS, KEEP_DAYS, ClaimedMessage, DeliveryOutcome
from backend.webhooks.signatures import secret_of, signed_headers

if TYPE_CHECKING:
    from backend.app import App

AT_ONCE, AT_ONCE_PER_ENDPOINT = 24, 4
"""Tries at the same time: of this process, and to one endpoint, so that one that hangs does not hold up the others."""
CLAIM_FACTOR = 3
"""How long a message that was claimed is left alone, in timeouts: longer than a try may take."""
PASS_S = 60.0
"""After this long a pass claims nothing more, so that what else the sender does is not put off while messages keep coming."""
SLOW_FACTOR = 6
"""How long nothing is sent to an endpoint that is overloaded, in first delays."""
ANSWER_BYTES = 8 * 1024
_RANDOM = SystemRandom()
_LOOKED_AT = 200
_CLAIM = text(
    """WITH due AS (
      SELECT m.id, row_number() OVER (PARTITION BY coalesce(m.endpoint_id, m.url) ORDER BY m.next_at, m.id) AS place
      FROM (SELECT id, endpoint_id, url, next_at FROM webhook_messages d
            WHERE state = 'pending' AND next_at <= clock_timestamp() AND coalesce(endpoint_id, url) <> ALL(:busy)
              AND (endpoint_id IS NULL OR EXISTS (SELECT FROM webhook_endpoints e WHERE e.tenant_id = d.tenant_id
                AND e.id = d.endpoint_id AND e.state = 'active'
                AND (e.slow_until IS NULL OR e.slow_until <= clock_timestamp())))
            ORDER BY next_at LIMIT 500) m),
    chosen AS (SELECT id FROM webhook_messages WHERE id IN (SELECT id FROM due WHERE place <= :per_endpoint)
      AND state = 'pending' AND next_at <= clock_timestamp() ORDER BY next_at LIMIT :free FOR UPDATE SKIP LOCKED),
    claimed AS (UPDATE webhook_messages SET attempts = attempts + 1,
        next_at = clock_timestamp() + make_interval(secs => :claim_s)
      WHERE id IN (SELECT id FROM chosen) RETURNING id, tenant_id, url, body, attempts, endpoint_id)
    SELECT c.id, c.tenant_id, c.url, c.body, c.attempts, c.endpoint_id, e.sealed,
      CASE WHEN e.old_until > clock_timestamp() THEN e.old_sealed END AS old_sealed
    FROM claimed c LEFT JOIN webhook_endpoints e ON e.tenant_id = c.tenant_id AND e.id = c.endpoint_id"""
)
_NOTE = text(
    """UPDATE webhook_messages m SET state = v.state, last_status = v.status,
      last_error = v.error, last_error_words = CAST(v.words AS jsonb),
      next_at = CASE WHEN v.delay_s IS NULL THEN m.next_at ELSE clock_timestamp() + make_interval(secs => v.delay_s) END,
      delivered_at = CASE WHEN v.state = 'delivered' THEN clock_timestamp() ELSE m.delivered_at END
    FROM unnest(CAST(:ids AS text[]), CAST(:attempts AS int[]), CAST(:states AS text[]), CAST(:statuses AS int[]),
      CAST(:errors AS text[]), CAST(:words AS text[]), CAST(:delays AS float8[]))
      AS v(id, attempts, state, status, error, words, delay_s)
    WHERE m.id = v.id AND m.attempts = v.attempts AND m.state = 'pending' RETURNING m.id"""
)


class Sender:
    """Of one process. `random`: 0 to 1, spreads retries."""

    def __init__(self, app: App, *, random: Callable[[], float] = _RANDOM.random) -> None:
        self._app, self._settings, self._random = app, app.settings.webhooks, random
        timeout_s, agent = self._settings.timeout_s, f"InfluencerAI-Studio/{VERSION}"
        self._to_workspaces = OutgoingClient(self._settings.outgoing_rules, timeout_s=timeout_s, user_agent=agent)
        self._to_operator = OutgoingClient(ANYWHERE, timeout_s=timeout_s, user_agent=agent)
        self._ring = KeyRing(app.settings.secret_keys.get_secret_value())

    def close(self) -> None:
        self._to_workspaces.close()
        self._to_operator.close()

    def deliver_due(self, is_stopping: Callable[[], bool] = lambda: False) -> int:
        """Writes the messages of new events and sends what is due, until nothing is or PASS_S is over. Returns the number of
        tries."""
        tried, running, ends_at = 0, dict[Future[Answer], ClaimedMessage](), time.monotonic() + PASS_S
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
            while not is_stopping() and time.monotonic() < ends_at:
                if len(running) < AT_ONCE:
                    _complete_waiting(self._app)
                    write_event_messages(self._app)
                    for message in self._claim(AT_ONCE - len(running), running.values()):
                        running[pool.submit(self._send, message)] = message
                if not running:
                    break
                ended, _ = wait(running, timeout=self._app.settings.jobs.tick_s, return_when=FIRST_COMPLETED)
                self._note([DeliveryOutcome(running.pop(future), future.result()) for future in ended])
                tried += len(ended)
            ended, _ = wait(running)
            self._note([DeliveryOutcome(running.pop(future), future.result()) for future in ended])
        return tried

    def _claim(self, free: int, running: Collection[ClaimedMessage]) -> list[ClaimedMessage]:
        at_once = Counter(message.target for message in running)
        values = {
            "busy": [target for target, count in at_once.items() if count >= AT_ONCE_PER_ENDPOINT],
            "per_endpoint": AT_ONCE_PER_ENDPOINT,
            "free": free,
            "claim_s": self._settings.timeout_s * CLAIM_FACTOR,
        }
        with self._app.db.dispatch() as tx:
            return [ClaimedMessage(**row) for row in tx.execute(_CLAIM, values).mappings()]

    def _send(self, message: ClaimedMessage) -> Answer:
        try:
            keys = self._keys_of(message)
        except Invalid as error:  # the ring has lost the key that sealed it
            return Answer(None, error.message)
        client = self._to_workspaces if message.endpoint_id else self._to_operator
        headers = signed_headers(keys, message.id, message.body, datetime.now(UTC))
        content = message.body.encode()
        return client.send("POST", message.url, content=content, headers=headers, max_answer_bytes=ANSWER_BYTES)

    def _keys_of(self, message: ClaimedMessage) -> list[str]:
        if message.endpoint_id is None:
            return [secret_of(self._app.settings)]
        sealed = [part for part in (message.sealed, message.old_sealed) if part is not None]
        return [self._ring.open(part, tenant_id=message.tenant_id, row_id=message.endpoint_id) for part in sealed]

    def _note(self, outcomes: Sequence[DeliveryOutcome]) -> None:
        """Writes what became of tries, those of a workspace in one transaction. 2xx alone is a delivery."""
        by_tenant = defaultdict[str, list[DeliveryOutcome]](list)
        for outcome in outcomes:
            by_tenant[outcome.message.tenant_id].append(outcome)
        for tenant_id, of_tenant in by_tenant.items():
            with self._app.db.transaction(SystemCaller(tenant_id)) as tx:
                self._note_endpoints(tx, of_tenant)
                self._note_messages(tx, of_tenant)

    def _note_messages(self, tx: Session, outcomes: Sequence[DeliveryOutcome]) -> None:
        plans = [self._next(outcome) for outcome in outcomes]
        words = [words_of(outcome.error_text) for outcome in outcomes]
        values = {
            "ids": [outcome.message.id for outcome in outcomes],
            "attempts": [outcome.message.attempts for outcome in outcomes],
            "states": [state for state, _ in plans],
            "statuses": [outcome.answer.status for outcome in outcomes],
            "errors": [outcome.error_text for outcome in outcomes],
            "words": [parts and json.dumps(parts) for parts in words],
            "delays": [delay_s for _, delay_s in plans],
        }
        noted = set(tx.scalars(_NOTE, values))
        current = [outcome for outcome in outcomes if outcome.message.id in noted]
        if current:
            tx.execute(insert(WebhookAttempt), [_attempt_row(outcome) for outcome in current])
        for outcome, (state, _) in zip(outcomes, plans, strict=True):
            if outcome.message.id in noted and state == "failed":
                data = {"status": outcome.answer.status, "attempts": outcome.message.attempts}
                events.record(tx, "webhook.failed", "webhook", outcome.message.id, data)

    def _next(self, outcome: DeliveryOutcome) -> tuple[str, float | None]:
        """The message's next state, and in how many seconds it is tried again."""
        if outcome.answer.is_success:
            return "delivered", None
        if outcome.answer.status == GONE:
            return "failed", None
        delay_s = next_delay_s(
            self._settings.retry_delays_s,
            outcome.message.attempts,
            retry_after_s=outcome.retry_after_s,
            jitter=self._settings.retry_jitter,
            random=self._random,
        )
        return ("failed", None) if delay_s is None else ("pending", delay_s)

    def _note_endpoints(self, tx: Session, outcomes: Sequence[DeliveryOutcome]) -> None:
        by_endpoint = defaultdict[str, list[DeliveryOutcome]](list)
        for outcome in outcomes:
            if outcome.message.endpoint_id:
                by_endpoint[outcome.message.endpoint_id].append(outcome)
        well = sorted(key for key, group in by_endpoint.items() if any(outcome.answer.is_success for outcome in group))
        if well:
            failing = WebhookEndpoint.id.in_(well), WebhookEndpoint.failing_since.is_not(None)
            tx.execute(update(WebhookEndpoint).where(*failing).values(failing_since=None))
        for endpoint_id, group in sorted(by_endpoint.items()):
            failures = [outcome for outcome in group if not outcome.answer.is_success]
            if failures:
                self._note_failures(tx, endpoint_id, failures, delivers=endpoint_id in well)

    def _note_failures(self, tx: Session, endpoint_id: str, failures: Sequence[DeliveryOutcome], *, delivers: bool) -> None:
        row = tx.get(WebhookEndpoint, endpoint_id, with_for_update=True)
        if row is None or row.state == "disabled":
            return
        now = tx.scalar(select(func.clock_timestamp())) or datetime.now(UTC)
        if not delivers:
            row.failing_since = row.failing_since or now
        slow = [failure for failure in failures if failure.answer.status in SLOW_STATUSES or failure.answer.timed_out]
        if slow:
            least_s = self._settings.retry_delays_s[0] * SLOW_FACTOR
            wait_s = max(least_s, *(failure.retry_after_s or 0.0 for failure in slow))
            row.slow_until = now + timedelta(seconds=wait_s)
        if any(failure.answer.status == GONE for failure in failures):
            _disable(tx, row, tr_lazy("It answered 410 Gone: nobody wants these messages any more."))
        elif row.failing_since and (now - row.failing_since).total_seconds() >= self._settings.disable_after_s:
            hours = round(self._settings.disable_after_s / 3600)
            reason = tr_lazy_plural(
                "Every attempt failed for {n} hour, the last one with: {answer}",
                "Every attempt failed for {n} hours, the last one with: {answer}",
                hours,
                answer=failures[-1].summary,
            )
            _disable(tx, row, reason)


def deliver_due(app: App) -> int:
    """Sends what is due, once. Returns how many messages were tried."""
    sender = Sender(app)
    try:
        return sender.deliver_due()
    finally:
        sender.close()


def purge_old(tx: Session) -> int:
    """Deletes messages that ended more than KEEP_DAYS ago, with their attempts. `tx` is a dispatch transaction."""
    old = WebhookMessage.created_at < func.clock_timestamp() - timedelta(days=KEEP_DAYS)
    ended = WebhookMessage.state.in_(("delivered", "failed"))
    return len(tx.scalars(delete(WebhookMessage).where(old, ended).returning(WebhookMessage.id)).all())


def _disable(tx: Session, row: WebhookEndpoint, reason: str) -> None:
    row.state, row.disabled_reason = "disabled", reason
    tx.flush()
    events.record(tx, "webhook.disabled", "webhook_endpoint", row.id, {"name": row.name, "reason": reason})


def _attempt_row(outcome: DeliveryOutcome) -> dict[str, object]:
    answer = outcome.answer
    return {
        "id": new_id("wha"),
        "message_id": outcome.message.id,
        "number": outcome.message.attempts,
        "status": answer.status,
        "error": answer.error,
        "error_words": words_of(answer.error),
        "answer": answer.text + ("…" if answer.is_cut else ""),
        "latency_ms": None if answer.latency_s is None else round(answer.latency_s * 1000),
    }


def _complete_waiting(app: App) -> None:
    """Messages whose job has ended get their body and become due; those whose job was cleaned up meanwhile are deleted."""
    job_of_message = (Job.id == WebhookMessage.job_id) & (Job.tenant_id == WebhookMessage.tenant_id)
    waiting = select(WebhookMessage.tenant_id, WebhookMessage.id).where(WebhookMessage.state == "waiting")
    ready = waiting.outerjoin(Job, job_of_message).where(or_(Job.id.is_(None), Job.state.in_(FINAL)))
    with app.db.dispatch() as tx:
        pairs = [(str(tenant_id), str(message_id)) for tenant_id, message_id in tx.execute(ready.limit(_LOOKED_AT))]
    for tenant_id, message_id in pairs:
        with app.db.transaction(SystemCaller(tenant_id)) as tx:
            _complete(app, tx, message_id)


def _complete(app: App, tx: Session, message_id: str) -> None:
    row = tx.scalars(
        select(WebhookMessage).where(WebhookMessage.id == message_id).with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None or row.state != "waiting":
        return
    state = tx.scalar(select(Job.state).where(Job.id == row.job_id))
    if state is not None and state not in FINAL:
        return  # it was tried again in between
    build = BODY_BUILDERS.get(row.kind)
    body = build(app, tx, row.job_id or "") if build and state is not None else None
    if body is None:
        tx.delete(row)
        return
    row.body, row.state = json.dumps(body, ensure_ascii=False, separators=(",", ":")), "pending"
    row.next_at = datetime.now(UTC)
