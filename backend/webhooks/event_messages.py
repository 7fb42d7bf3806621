"""Writes messages for events, by position: an event that was committed becomes a message, whatever was killed in between.

The event's row is the record that it is to be told of: it commits with what it tells of. Each endpoint has a cursor on the
positions of events, which have no gaps (backend.events.stream). Messages and the cursor commit together, and a message is
unique for endpoint and position, so a pass that is repeated writes nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events
from backend.db.tables import EventRow, Job, Post, WebhookCursor, WebhookEndpoint, WebhookMessage
from backend.db.transactions import Anonymous, SystemCaller
from backend.events import EventRecord
from backend.kit.ids import new_id
from backend.webhooks.catalogue import event_body, is_sent

if TYPE_CHECKING:
    from backend.app import App

N8N, N8N_KIND = "n8n", "n8n-job-ended"
_BATCH = 500
_JOB_ENDS = {"job.completed": "completed", "job.failed": "failed", "job.cancelled": "failed"}


def write_event_messages(app: App) -> None:
    """Gives events their positions and writes the messages to endpoints, and to the operator's n8n, that tell of them."""
    n8n_url = app.settings.webhooks.n8n_url.rstrip("/")
    with app.db.dispatch() as tx:
        listens = tx.scalar(select(exists().where(WebhookEndpoint.state == "active")))
        if not n8n_url:
            tx.execute(delete(WebhookCursor).where(WebhookCursor.name == N8N))  # set again later, it begins with what is new
    if not listens and not n8n_url:
        return
    with app.db.transaction(Anonymous()) as tx:
        events.stream.number(tx)
    newer = exists().where(EventRow.tenant_id == WebhookEndpoint.tenant_id, EventRow.position > WebhookEndpoint.position)
    behind = select(WebhookEndpoint.tenant_id, WebhookEndpoint.id).where(WebhookEndpoint.state == "active", newer)
    with app.db.dispatch() as tx:
        pairs = [(str(tenant_id), str(endpoint_id)) for tenant_id, endpoint_id in tx.execute(behind)]
    for tenant_id, endpoint_id in pairs:
        while _advance(app, tenant_id, endpoint_id):
            pass
    while n8n_url and _advance_n8n(app, n8n_url):
        pass


def _advance(app: App, tenant_id: str, endpoint_id: str) -> bool:
    """Writes the next messages of one endpoint and moves its cursor; whether there may be more."""
    locked = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.state == "active")
    with app.db.transaction(SystemCaller(tenant_id)) as tx:
        endpoint = tx.scalars(locked.with_for_update(skip_locked=True)).one_or_none()
        if endpoint is None:
            return False
        batch = events.stream.after(tx, endpoint.position, take=_BATCH)
        chosen = [(position, event) for position, event in batch if is_sent(event.kind, endpoint.event_types)]
        more = _more_ids(tx, [event for _, event in chosen])
        rows = [
            {
                "id": new_id("whm"),
                "kind": event.kind,
                "url": endpoint.url,
                "endpoint_id": endpoint_id,
                "event_position": position,
                "body": event_body(event, position, more.get(event.noun_id, {})),
            }
            for position, event in chosen
        ]
        if rows:
            unique = ["tenant_id", "endpoint_id", "event_position"]
            tx.execute(insert(WebhookMessage).values(rows).on_conflict_do_nothing(index_elements=unique))
        if batch:
            endpoint.position = batch[-1][0]
    return len(batch) == _BATCH


def _more_ids(tx: Session, batch: Sequence[EventRecord]) -> Mapping[str, Mapping[str, Any]]:
    """By id of a job or post: its type; its plan and channel."""
    job_ids = {event.noun_id for event in batch if event.noun == "job"}
    post_ids = {event.noun_id for event in batch if event.noun == "post"}
    more: dict[str, Mapping[str, Any]] = {}
    if job_ids:
        for job_id, job_type in tx.execute(select(Job.id, func.coalesce(Job.type, Job.kind)).where(Job.id.in_(job_ids))):
            more[job_id] = {"type": job_type}
    if post_ids:
        for post_id, plan_id, channel_id in tx.execute(
            select(Post.id, Post.plan_id, Post.channel_id).where(Post.id.in_(post_ids))
        ):
            more[post_id] = {"planId": plan_id, "channelId": channel_id}
    return more


def _advance_n8n(app: App, url: str) -> bool:
    """Messages to N8N_WEBHOOK_URL for the next ends of jobs, of all workspaces; whether there may be more. The first call only
    notes where it begins."""
    with app.db.dispatch() as tx:
        cursor = tx.scalars(
            select(WebhookCursor).where(WebhookCursor.name == N8N).with_for_update(skip_locked=True)
        ).one_or_none()
        if cursor is None:
            first = {"name": N8N, "position": tx.scalar(select(func.max(EventRow.position))) or 0}
            tx.execute(insert(WebhookCursor).values(first).on_conflict_do_nothing())
            return False
        after = select(EventRow).where(EventRow.position > cursor.position).order_by(EventRow.position).limit(_BATCH)
        batch = tx.scalars(after).all()
        ends = [row for row in batch if row.kind in _JOB_ENDS]
        jobs = {job.id: job for job in tx.scalars(select(Job).where(Job.id.in_([row.noun_id for row in ends])))}
        rows = [_job_ended(row, jobs[row.noun_id], url) for row in ends if row.noun_id in jobs]
        if rows:
            tx.execute(insert(WebhookMessage).values(rows))
        if batch:
            cursor.position = batch[-1].position or cursor.position
    return len(batch) == _BATCH


def _job_ended(row: EventRow, job: Job, url: str) -> dict[str, Any]:
    end = _JOB_ENDS[row.kind]
    data: dict[str, Any] = {
        "job_id": job.id,
        "status": row.kind.partition(".")[2],
        "type": job.type or job.kind,
        "workspace_id": row.tenant_id,
    }
    if end == "completed":
        data["result"] = {name: job.result[name] for name in ("assetId", "s3Key") if name in job.result} if job.result else {}
    else:
        data["error"] = (job.error_message or "It was cancelled.")[:500]
    body = {"event": f"job_{end}", "timestamp": round(row.created_at.timestamp(), 3), "data": data}
    return {
        "id": new_id("whm"),
        "tenant_id": row.tenant_id,
        "kind": N8N_KIND,
        "url": f"{url}/webhook/job-{end}",
        "event_position": row.position,
        "job_id": job.id,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }
