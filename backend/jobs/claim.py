"""Who is next: one transaction across workspaces that gives one job, and a card if it needs one, to one worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.jobs.kinds import KINDS, KindSpec
from backend.kit.ids import new_id
from backend.kit.trips import in_one_trip
from backend.settings import Settings
from backend.tables import Device


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is ours now. `device`: name of the card it holds; `changes_hands`: another engine had that card before."""

    job_id: str
    tenant_id: str
    user_id: str
    kind: str
    v: int
    payload: dict[str, Any]
    parent_id: str | None
    retries: int
    attempt_id: str
    attempt_n: int
    handle: dict[str, Any] | None
    device_id: str | None = None
    device: str = ""
    changes_hands: bool = False


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('studio-queue:' || :queue, 0))")
"""Its own statement: what is read afterwards sees what the claim before has written."""

_CLAIM = text(
    """WITH RECURSIVE
    spec AS (SELECT * FROM unnest(CAST(:versions AS text[]), CAST(:groups AS text[]), CAST(:limits AS int[]),
        CAST(:devices AS text[]), CAST(:warm AS text[])) AS s(version, grp, cap, device_id, warm)),
    grouped AS (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:kind_groups AS text[])) AS g(kind, grp)),
    busy AS (SELECT g.grp, j.tenant_id, count(*) AS n FROM jobs j LEFT JOIN grouped g ON g.kind = j.kind
        WHERE j.state = 'processing' GROUP BY g.grp, j.tenant_id),
    open AS (SELECT s.version, s.device_id, s.warm FROM spec s
        WHERE s.cap IS NULL OR s.cap > coalesce((SELECT sum(n) FROM busy b WHERE b.grp = s.grp), 0)),
    waiting AS (
      (SELECT tenant_id FROM jobs WHERE state = 'pending' AND queue = :queue ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT j.tenant_id FROM jobs j WHERE j.state = 'pending' AND j.queue = :queue AND j.tenant_id > w.tenant_id
              ORDER BY j.tenant_id LIMIT 1)
      FROM waiting w WHERE w.tenant_id IS NOT NULL),
    next AS MATERIALIZED (
      SELECT c.* FROM (
        SELECT w.tenant_id, t.served_at FROM waiting w
        LEFT JOIN turns t ON t.queue = :queue AND t.tenant_id = w.tenant_id
        WHERE w.tenant_id IS NOT NULL
          AND :per_workspace > coalesce((SELECT sum(n) FROM busy b WHERE b.tenant_id = w.tenant_id), 0)
        ORDER BY t.served_at NULLS FIRST, w.tenant_id) o
      CROSS JOIN LATERAL (
        SELECT f.id, f.tenant_id, f.created_by, f.kind, f.v, f.payload, f.parent_id, f.retries, o.served_at FROM (
          SELECT l.*, first_value(l.created_at) OVER (ORDER BY l.priority, l.id) AS head_at FROM (
            SELECT j.id, j.tenant_id, j.created_by, j.kind, j.v, j.payload, j.parent_id, j.retries, j.priority, j.created_at
            FROM jobs j WHERE j.state = 'pending' AND j.queue = :queue AND j.tenant_id = o.tenant_id AND j.waits_for = 0
              AND j.not_before <= clock_timestamp()
              AND j.kind || ':' || j.v = ANY((SELECT array_agg(version) FROM open)::text[])
            ORDER BY j.priority, j.id LIMIT :window FOR UPDATE SKIP LOCKED) l) f
        ORDER BY f.priority, coalesce(f.created_at <= f.head_at + make_interval(secs => :overtake_s) AND f.payload->>'model' =
          (SELECT p.warm FROM open p WHERE p.version = f.kind || ':' || f.v), false) DESC, f.id LIMIT 1) c
      ORDER BY o.served_at NULLS FIRST, o.tenant_id LIMIT 1),
    chosen AS (SELECT n.*, open.device_id FROM next n JOIN open ON open.version = n.kind || ':' || n.v),
    last AS (SELECT a.n, a.handle FROM attempts a JOIN chosen c ON c.tenant_id = a.tenant_id AND c.id = a.job_id
        ORDER BY a.n DESC LIMIT 1),
    moved AS (UPDATE jobs j SET state = 'processing', attempt_id = :attempt_id, error_code = NULL, error_message = NULL,
        started_at = coalesce(j.started_at, clock_timestamp()) FROM chosen c WHERE j.id = c.id),
    tried AS (INSERT INTO attempts (id, tenant_id, job_id, n, worker_id, device_id, handle)
        SELECT :attempt_id, tenant_id, id, coalesce((SELECT n FROM last), 0) + 1, :worker_id, device_id,
               (SELECT handle FROM last) FROM chosen RETURNING n, handle),
    served AS (INSERT INTO turns (queue, tenant_id, served_at) SELECT :queue, tenant_id, clock_timestamp() FROM chosen
        ON CONFLICT (queue, tenant_id) DO UPDATE SET served_at = EXCLUDED.served_at),
    held AS (UPDATE devices d SET held_by = :attempt_id FROM chosen c WHERE d.id = c.device_id),
    told AS (INSERT INTO events (id, tenant_id, kind, noun, noun_id, data)
        SELECT :event_id, tenant_id, 'job.processing', 'job', id, '{"from": "pending"}' FROM chosen)
    SELECT c.*, t.n, t.handle FROM chosen c CROSS JOIN tried t"""
)
"""The choice and the move pending -> processing with all that belongs to it, in one round trip: the machinery's hot path.

spec: what this worker can do now, with limits and a free card. busy: what runs. waiting: workspaces with pending jobs,
by hops along the index. next: of the workspace served least recently, its first claimable job; rows that somebody holds
are skipped. Among its next few of one priority, one that needs the model its card has loaded goes first.
"""
WINDOW, OVERTAKE_S = 16, 120.0
"""Jobs looked at for one whose model is loaded, and how much younger than the first of them it may be: a job is overtaken
by those asked for in the two minutes after it alone, so none waits for ever."""


def claim(
    tx: Session, *, queue: str, worker_id: str, kinds: Collection[str], cards: Collection[str], settings: Settings
) -> Claim | None:
    """The next job of `queue` for a worker that knows `kinds` and may hold `cards` (device ids), or None.

    `tx` is a dispatch transaction.
    """
    claims = claim_some(tx, 1, queue=queue, worker_id=worker_id, kinds=kinds, cards=cards, settings=settings)
    return claims[0] if claims else None


def claim_some(
    tx: Session,
    n: int,
    *,
    queue: str,
    worker_id: str,
    kinds: Collection[str],
    cards: Collection[str],
    settings: Settings,
    warm: MutableMapping[str, str] | None = None,
) -> list[Claim]:
    """At most `n`, each chosen as if it were asked for alone; fewer when nothing more is claimable.

    `warm`: device id -> model it has loaded, as far as jobs say which they need (`model` in their payload); kept up to date.
    """
    warm = {} if warm is None else warm
    specs = [spec for spec in KINDS.values() if spec.queue == queue and spec.kind in kinds]
    if not any(spec.device for spec in specs):
        values = _values(specs, queue=queue, worker_id=worker_id, settings=settings, able={}, warm={})
        return _claims(tx, [values | _new_ids() for _ in range(n)], {}) if values else []
    tx.execute(_LOCK, {"queue": queue})
    claims: list[Claim] = []
    while len(claims) < n:  # a card that one job takes is not there for the next
        devices = free_devices(tx, cards)
        able = {spec.kind: _pick(spec, devices) for spec in specs if spec.device}
        values = _values(specs, queue=queue, worker_id=worker_id, settings=settings, able=able, warm=warm)
        if not values or not (one := _claims(tx, [values | _new_ids()], devices)):
            break
        claims += one
        if held := one[0].device_id:
            warm[held] = str(one[0].payload.get("model") or "")
    return claims


def _values(
    specs: Sequence[KindSpec],
    *,
    queue: str,
    worker_id: str,
    settings: Settings,
    able: Mapping[str, Device | None],
    warm: Mapping[str, str],
) -> dict[str, Any]:
    """What `_CLAIM` asks for, but for its ids; empty when this worker can do nothing now."""
    ready = [(v, spec) for spec in specs if not spec.device or able[spec.kind] for v in spec.versions]
    if not ready:
        return {}
    return {
        "queue": queue,
        "worker_id": worker_id,
        "per_workspace": settings.max_concurrent_jobs,
        "kinds": list(KINDS),
        "kind_groups": [spec.limit_setting for spec in KINDS.values()],
        "versions": [version for version, _ in ready],
        "groups": [spec.limit_setting for _, spec in ready],
        "limits": [spec.limit(settings) for _, spec in ready],
        "devices": [device.id if (device := able.get(spec.kind)) else None for _, spec in ready],
        "warm": [warm.get(device.id) or None if (device := able.get(spec.kind)) else None for _, spec in ready],
        "window": WINDOW if any(warm.values()) else 1,
        "overtake_s": OVERTAKE_S,
    }


def _new_ids() -> dict[str, str]:
    return {"attempt_id": new_id("att"), "event_id": new_id("evt")}


def _claims(tx: Session, asked: Sequence[dict[str, Any]], devices: Mapping[str, Device]) -> list[Claim]:
    """Each of `asked` sees what the one before it took. The lock may be ours already."""
    queue = {"queue": asked[0]["queue"]}
    _, *rows = in_one_trip(tx, [(_LOCK, queue), *((_CLAIM, values) for values in asked)])
    return [
        _claimed(row, values["attempt_id"], devices.get(row.device_id or ""))
        for row, values in zip(rows, asked, strict=True)
        if row
    ]


def _claimed(row: Any, attempt_id: str, device: Device | None) -> Claim:
    capability, before = KINDS[row.kind].device, device.last_engine if device else ""
    if device:
        device.last_engine = capability
    return Claim(
        job_id=row.id,
        tenant_id=row.tenant_id,
        user_id=row.created_by or "",
        kind=row.kind,
        v=row.v,
        payload=row.payload,
        parent_id=row.parent_id,
        retries=row.retries,
        attempt_id=attempt_id,
        attempt_n=row.n,
        handle=row.handle,
        device_id=device.id if device else None,
        device=device.name if device else "",
        changes_hands=before not in {"", capability},
    )


def free_devices(tx: Session, cards: Collection[str]) -> dict[str, Device]:
    """Those of `cards` that are up and that no attempt holds, by id."""
    free = select(Device).where(Device.id.in_(cards), Device.state == "up", Device.held_by.is_(None)).order_by(Device.id)
    return {device.id: device for device in tx.scalars(free.with_for_update(skip_locked=True))}


def _pick(spec: KindSpec, devices: dict[str, Device]) -> Device | None:
    """A card that can do it, best one that did the same last: nothing has to be unloaded."""
    able = [device for device in devices.values() if spec.device in device.engines and spec.device not in device.down]
    return min(able, key=lambda device: device.last_engine != spec.device, default=None)
