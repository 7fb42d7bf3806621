"""Claims jobs: in one transaction across workspaces, gives a worker the next job, and a device if the job needs one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from backend.db.pipelining import array_literal, execute_pipelined
from backend.db.tables import Attempt, Device, JobState
from backend.db.transactions import Database
from backend.jobs.attempts import AttemptEnd, end_statement, ends_alone
from backend.jobs.job_type import JOB_TYPES, JobType
from backend.kit.ids import new_id
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker has claimed.

    `device`: name of the device it holds, or "". `changes_hands`: another engine used that device before.
    `handle`: what the attempt before saved to find its remote work again. `traceparent`: of whoever ordered it.
    """

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
    traceparent: str | None = None


_LOCK_QUEUE = text("SELECT pg_advisory_xact_lock(hashtextextended('studio-queue:' || :queue, 0))")
"""A statement of its own: the next one takes its snapshot after the lock is held, and so sees what the previous claim wrote."""

_CLAIM = text(
    """WITH RECURSIVE
    -- What this worker can run now: a row for each kind and version, with its limit, and a free device and the model loaded
    -- on it where the kind needs one.
    runnable AS (SELECT * FROM unnest(CAST(:versions AS text[]), CAST(:groups AS text[]), CAST(:limits AS int[]),
        CAST(:devices AS text[]), CAST(:warm AS text[])) AS s(version, grp, cap, device_id, loaded_model)),
    -- The limit group of every kind there is, also of those this worker does not run.
    kind_groups AS (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:kind_groups AS text[])) AS g(kind, grp)),
    -- Running jobs by limit group and workspace (ix_jobs_processing).
    running_jobs AS (SELECT g.grp, j.tenant_id, count(*) AS n FROM jobs j LEFT JOIN kind_groups g ON g.kind = j.kind
        WHERE j.state = 'processing' GROUP BY g.grp, j.tenant_id),
    -- Of what this worker can run, what is below its limit.
    capacity AS (SELECT s.version, s.device_id, s.loaded_model FROM runnable s
        WHERE s.cap IS NULL OR s.cap > coalesce((SELECT sum(n) FROM running_jobs b WHERE b.grp = s.grp), 0)),
    -- Workspaces with pending jobs in this queue: one probe of ix_jobs_claim each, from one workspace to the next (a loose
    -- index scan). A DISTINCT would read every pending job.
    waiting_tenants AS (
      (SELECT tenant_id FROM jobs WHERE state = 'pending' AND queue = :queue ORDER BY tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT j.tenant_id FROM jobs j WHERE j.state = 'pending' AND j.queue = :queue AND j.tenant_id > w.tenant_id
              ORDER BY j.tenant_id LIMIT 1)
      FROM waiting_tenants w WHERE w.tenant_id IS NOT NULL),
    -- One job: of the workspace served least recently that is below its own limit and has a claimable one. Inside a workspace
    -- the first by priority and age, of rows that nobody has locked; among its first `window` ones of the same priority, one
    -- that needs the model its device has loaded goes first, unless it is more than `overtake_s` seconds younger than the
    -- first.
    next_job AS MATERIALIZED (
      SELECT c.* FROM (
        SELECT w.tenant_id, t.served_at FROM waiting_tenants w
        LEFT JOIN turns t ON t.queue = :queue AND t.tenant_id = w.tenant_id
        WHERE w.tenant_id IS NOT NULL
          AND :per_workspace > coalesce((SELECT sum(n) FROM running_jobs b WHERE b.tenant_id = w.tenant_id), 0)
        ORDER BY t.served_at NULLS FIRST, w.tenant_id) o
      CROSS JOIN LATERAL (
        SELECT f.id, f.tenant_id, f.created_by, f.kind, f.v, f.payload, f.parent_id, f.retries, f.traceparent,
          o.served_at FROM (
          SELECT l.*, first_value(l.created_at) OVER (ORDER BY l.priority, l.id) AS head_at FROM (
            SELECT j.id, j.tenant_id, j.created_by, j.kind, j.v, j.payload, j.parent_id, j.retries, j.priority, j.created_at,
              j.traceparent
            FROM jobs j WHERE j.state = 'pending' AND j.queue = :queue AND j.tenant_id = o.tenant_id AND j.waits_for = 0
              AND j.not_before <= clock_timestamp()
              AND j.kind || ':' || j.v = ANY((SELECT array_agg(version) FROM capacity)::text[])
            ORDER BY j.priority, j.id LIMIT :window FOR UPDATE SKIP LOCKED) l) f
        ORDER BY f.priority, coalesce(f.created_at <= f.head_at + make_interval(secs => :overtake_s) AND f.payload->>'model' =
          (SELECT p.loaded_model FROM capacity p WHERE p.version = f.kind || ':' || f.v), false) DESC, f.id LIMIT 1) c
      ORDER BY o.served_at NULLS FIRST, o.tenant_id LIMIT 1),
    -- That job with its device.
    claimed_job AS (SELECT n.*, capacity.device_id FROM next_job n JOIN capacity ON capacity.version = n.kind || ':' || n.v),
    -- Its last attempt: the new one counts on from it and takes over its handle.
    last_attempt AS (SELECT a.n, a.handle FROM attempts a JOIN claimed_job c ON c.tenant_id = a.tenant_id AND c.id = a.job_id
        ORDER BY a.n DESC LIMIT 1),
    -- pending -> processing.
    started_job AS (UPDATE jobs j SET state = 'processing', attempt_id = :attempt_id, error_code = NULL, error_message = NULL,
        started_at = coalesce(j.started_at, clock_timestamp()) FROM claimed_job c WHERE j.id = c.id),
    new_attempt AS (INSERT INTO attempts (id, tenant_id, job_id, n, worker_id, device_id, handle)
        SELECT :attempt_id, tenant_id, id, coalesce((SELECT n FROM last_attempt), 0) + 1, :worker_id, device_id,
               (SELECT handle FROM last_attempt) FROM claimed_job RETURNING n, handle),
    -- The workspace has had its turn.
    served_turn AS (INSERT INTO turns (queue, tenant_id, served_at) SELECT :queue, tenant_id, clock_timestamp() FROM claimed_job
        ON CONFLICT (queue, tenant_id) DO UPDATE SET served_at = EXCLUDED.served_at),
    held_device AS (UPDATE devices d SET held_by = :attempt_id FROM claimed_job c WHERE d.id = c.device_id),
    event AS (INSERT INTO events (id, tenant_id, kind, noun, noun_id, data)
        SELECT :event_id, tenant_id, 'job.processing', 'job', id, '{"from": "pending"}' FROM claimed_job)
    SELECT c.*, t.n, t.handle FROM claimed_job c CROSS JOIN new_attempt t"""
)
"""Chooses a job and moves it from pending to processing with all that belongs to the move, in one round trip: every job waits
for this statement.

Invariants: at most one running job per device, at most `cap` per limit group and `per_workspace` per workspace (its caller
holds the queue's advisory lock), and the workspace served least recently goes first.
"""
WINDOW, OVERTAKE_S = 16, 120.0
"""How many jobs are searched for one whose model is loaded, and how many seconds younger than the first of them it may be. A
job is overtaken only by jobs of the two minutes after it, so none waits for ever."""


def claim(
    tx: Session, *, queue: str, worker_id: str, kinds: Collection[str], device_ids: Collection[str], settings: Settings
) -> Claim | None:
    """The next job of `queue` for a worker that runs `kinds` and may hold `device_ids`, or None.

    `tx` is a dispatch transaction.
    """
    claims = claim_some(tx, 1, queue=queue, worker_id=worker_id, kinds=kinds, device_ids=device_ids, settings=settings)
    return claims[0] if claims else None


def claim_some(
    tx: Session,
    n: int,
    *,
    queue: str,
    worker_id: str,
    kinds: Collection[str],
    device_ids: Collection[str],
    settings: Settings,
    loaded_models: MutableMapping[str, str] | None = None,
    last: bool = False,
) -> list[Claim]:
    """At most `n` jobs, chosen as that many calls of `claim` would; fewer when nothing more is claimable.

    `last`: nothing follows in `tx`, which may be committed together with the claims.

    `loaded_models`: device id -> model it has loaded, as far as jobs say which they need (`model` in their payload). It is
    updated with what is claimed.
    """
    loaded_models = {} if loaded_models is None else loaded_models
    specs = _specs(queue, kinds)
    if not _need_device(specs):
        values = _claim_params(specs, queue=queue, worker_id=worker_id, settings=settings, device_by_kind={}, loaded_models={})
        return _run_claims(tx, [values | _new_ids() for _ in range(n)], {}, last=last) if values else []
    tx.execute(_LOCK_QUEUE, {"queue": queue})
    claims: list[Claim] = []
    while len(claims) < n:  # one at a time: a device that one job takes is not free for the next
        devices = free_devices(tx, device_ids)
        device_by_kind = {spec.kind: _best_device(spec, devices) for spec in specs if spec.device}
        values = _claim_params(
            specs,
            queue=queue,
            worker_id=worker_id,
            settings=settings,
            device_by_kind=device_by_kind,
            loaded_models=loaded_models,
        )
        if not values or not (claimed := _run_claims(tx, [values | _new_ids()], devices)):
            break
        claims += claimed
        if device_id := claimed[0].device_id:
            loaded_models[device_id] = str(claimed[0].payload.get("model") or "")
    return claims


def finish_and_claim(
    db: Database,
    ends: Sequence[AttemptEnd],
    n: int,
    *,
    queue: str,
    worker_id: str,
    kinds: Collection[str],
    settings: Settings,
) -> tuple[list[JobState | None], list[Claim]] | None:
    """Finishes attempts, then claims as `claim_some`, the whole transaction in one round trip. Returns the jobs' new states
    (None where others had ended the attempt) and the claims.

    None, and nothing is done, where it takes more than one: for a kind that needs a device, and for an attempt that does not
    end alone (`ends_alone`). Raises Unavailable: it may then have been committed or not.
    """
    specs = _specs(queue, kinds)
    if _need_device(specs) or not all(ends_alone(end) for end in ends):
        return None
    values = _claim_params(specs, queue=queue, worker_id=worker_id, settings=settings, device_by_kind={}, loaded_models={})
    params = [values | _new_ids() for _ in range(n)] if values else []
    statements = [*map(end_statement, ends), (_LOCK_QUEUE, {"queue": queue}), *((_CLAIM, values) for values in params)]
    rows = db.run_autocommit(None, statements)
    ended, claimed = rows[: len(ends)], rows[len(ends) + 1 :]
    states = [JobState(row.state) if row else None for row in ended]
    return states, [_to_claim(row, values["attempt_id"], None) for row, values in zip(claimed, params, strict=True) if row]


def _specs(queue: str, kinds: Collection[str]) -> list[JobType]:
    return [spec for spec in JOB_TYPES.values() if spec.queue == queue and spec.kind in kinds]


def _need_device(specs: Sequence[JobType]) -> bool:
    return any(spec.device for spec in specs)


def _claim_params(
    specs: Sequence[JobType],
    *,
    queue: str,
    worker_id: str,
    settings: Settings,
    device_by_kind: Mapping[str, Device | None],
    loaded_models: Mapping[str, str],
) -> dict[str, Any]:
    """The parameters of `_CLAIM` except its new ids; empty when this worker can run nothing now."""
    ready = [(v, spec) for spec in specs if not spec.device or device_by_kind[spec.kind] for v in spec.versions]
    if not ready:
        return {}
    devices = [device_by_kind.get(spec.kind) for _, spec in ready]
    return {
        "queue": queue,
        "worker_id": worker_id,
        "per_workspace": settings.jobs.max_per_workspace,
        "kinds": array_literal(tuple(JOB_TYPES)),
        "kind_groups": array_literal(tuple(spec.limit_group for spec in JOB_TYPES.values())),
        "versions": array_literal(tuple(version for version, _ in ready)),
        "groups": array_literal(tuple(spec.limit_group for _, spec in ready)),
        "limits": [spec.limit(settings) for _, spec in ready],
        "devices": [device.id if device else None for device in devices],
        "warm": [(loaded_models.get(device.id) or None) if device else None for device in devices],
        "window": WINDOW if any(loaded_models.values()) else 1,
        "overtake_s": OVERTAKE_S,
    }


def _new_ids() -> dict[str, str]:
    return {"attempt_id": new_id("att"), "event_id": new_id("evt")}


def _run_claims(
    tx: Session, params: Sequence[dict[str, Any]], devices: Mapping[str, Device], *, last: bool = False
) -> list[Claim]:
    """Runs `_CLAIM` once for each of `params`, in order, under the queue's lock (which `tx` may hold already)."""
    queue = {"queue": params[0]["queue"]}
    _, *rows = execute_pipelined(tx, [(_LOCK_QUEUE, queue), *((_CLAIM, values) for values in params)], last=last)
    return [
        _to_claim(row, values["attempt_id"], devices.get(row.device_id or ""))
        for row, values in zip(rows, params, strict=True)
        if row
    ]


def _to_claim(row: Any, attempt_id: str, device: Device | None) -> Claim:
    capability, previous_engine = JOB_TYPES[row.kind].device, device.last_engine if device else ""
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
        traceparent=row.traceparent,
        attempt_id=attempt_id,
        attempt_n=row.n,
        handle=row.handle,
        device_id=device.id if device else None,
        device=device.name if device else "",
        changes_hands=previous_engine not in {"", capability},
    )


def free_devices(tx: Session, device_ids: Collection[str]) -> dict[str, Device]:
    """Those of `device_ids` that are up and that no attempt holds, by id, those on which least is under way first; locked until
    `tx` ends.

    An attempt lets go of its device as soon as its last picture is being drawn, so that the next job can queue behind it. Such
    a device is free, but one that draws nothing is better.
    """
    under_way = select(func.count()).where(Attempt.device_id == Device.id, Attempt.ended_at.is_(None)).scalar_subquery()
    free = select(Device).where(Device.id.in_(device_ids), Device.state == "up", Device.held_by.is_(None))
    free = free.order_by(under_way, Device.id).with_for_update(of=Device, skip_locked=True)
    return {device.id: device for device in tx.scalars(free)}


def _best_device(spec: JobType, devices: dict[str, Device]) -> Device | None:
    """A device that can do it, preferably one where nothing of another engine has to be unloaded, of these the first. None:
    there is none."""
    capable = [device for device in devices.values() if spec.device in device.engines and spec.device not in device.down]
    return min(capable, key=lambda device: device.last_engine not in {"", spec.device}, default=None)
