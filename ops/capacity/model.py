"""The model: people order jobs, jobs wait for a card or a thread, and all of them spend processor time of workers and Postgres.

A discrete-event simulation (simpy). Simulated seconds are the unit of all times. What it leaves out: network latency, model
changes of cards, retries, limits of a workspace.
"""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import simpy

MEASURED = Path(__file__).with_name("measured.json")


@dataclass(frozen=True, slots=True)
class JobKind:
    """`share` of all jobs; `files` that one makes. `card_s`: of a card; `thread_s`: of a worker's thread, where a service
    outside is waited for. `card_s` varies by `spread` (standard deviation over mean; 0: always the same)."""

    name: str
    share: float
    card_s: float = 0.0
    thread_s: float = 0.0
    spread: float = 0.0
    files: int = 1


@dataclass(frozen=True, slots=True)
class JobCosts:
    """Of one file that a job makes: `worker_cpu_s` and `database_cpu_s`, and `other_cpu_s` of what runs on the same machine
    (S3, Valkey, and simulated cards in a check). `handover_s`: a card waits so long between two jobs; `claim_s`: so long a
    claim keeps its queue locked. `worker_idle_cores`, `database_idle_cores`: what a process takes with nothing to do."""

    worker_cpu_s: float
    database_cpu_s: float
    other_cpu_s: float
    handover_s: float
    claim_s: float
    worker_idle_cores: float
    database_idle_cores: float


@dataclass(frozen=True, slots=True)
class Installation:
    """`cards` and `threads` (for jobs without a card) of all nodes together; `cores` of all nodes; `database_cores` 0: Postgres
    shares the nodes' cores, as on one machine."""

    nodes: int
    cards: int
    threads: int
    cores: int
    database_cores: int


@dataclass(frozen=True, slots=True)
class Order:
    """`at`: when a job is ordered. `card_s`: what it needs of a card, drawn already."""

    at: float
    kind: JobKind
    card_s: float


@dataclass
class SimulatedRun:
    """Times in seconds: `waits` until a job was begun, `totals` until it was done, `ended_at` when the last was. `busy`:
    resource -> share of its time."""

    waits: list[float] = field(default_factory=list)
    totals: list[float] = field(default_factory=list)
    done_by_end: int = 0
    ended_at: float = 0.0
    busy: dict[str, float] = field(default_factory=dict)


class _Pool:
    """A resource of equal servers that counts how long they work."""

    def __init__(self, env: simpy.Environment, servers: int) -> None:
        self.resource = simpy.Resource(env, capacity=max(1, servers))
        self.worked_s = 0.0

    def share(self, seconds: float) -> float:
        return self.worked_s / (self.resource.capacity * seconds)


class _Card:
    """A card, least under way first."""

    def __init__(self, env: simpy.Environment, number: int) -> None:
        self.pool, self.number, self.under_way = _Pool(env, 1), number, 0

    def __lt__(self, other: _Card) -> bool:
        return (self.under_way, self.number) < (other.under_way, other.number)


def read_measured(path: Path = MEASURED) -> tuple[JobCosts, list[JobKind], dict[str, Any]]:
    """The measured costs, the usual mix, and the rest of the file."""
    values = json.loads(path.read_text("utf-8"))
    return JobCosts(**values["costs"]), [JobKind(**kind) for kind in values["mix"]], values


def poisson_orders(kinds: Sequence[JobKind], *, jobs_an_hour: float, seconds: float, seed: int) -> Iterator[Order]:
    """Orders of many people who do not know of each other."""
    dice, at = random.Random(seed), 0.0
    while (at := at + dice.expovariate(jobs_an_hour / 3600)) < seconds:
        [kind] = dice.choices(kinds, [kind.share for kind in kinds])
        yield Order(at, kind, _drawn(dice, kind))


def _drawn(dice: random.Random, kind: JobKind) -> float:
    """Gamma distributed: never below zero, long to the right, as durations are."""
    if not kind.spread or not kind.card_s:
        return kind.card_s
    shape = 1 / kind.spread**2
    return dice.gammavariate(shape, kind.card_s / shape)


def simulate(installation: Installation, costs: JobCosts, orders: Sequence[Order], *, seconds: float) -> SimulatedRun:
    """Runs all orders to their end; `done_by_end` counts those done within `seconds`.

    As the studio does it: a job takes the card on which least is under way, and a card takes its next job as soon as it draws
    the one before, so that it never waits; a job that was given to a card stays with it.
    """
    env, run = simpy.Environment(), SimulatedRun()
    shares_cores = not installation.database_cores
    threads, nodes, queue_lock = _Pool(env, installation.threads), _Pool(env, installation.cores), _Pool(env, 1)
    database = nodes if shares_cores else _Pool(env, installation.database_cores)
    cards = [_Card(env, number) for number in range(installation.cards)]
    free = simpy.PriorityStore(env)
    idle = installation.nodes * costs.worker_idle_cores + costs.database_idle_cores * shares_cores
    slower = 1 / max(0.05, 1 - idle / installation.cores)
    """What idle processes take of the cores, the work of the others takes longer."""
    free.items.extend(cards)

    def use(pool: _Pool, length_s: float) -> Generator[Any, Any, None]:
        with pool.resource.request() as request:
            yield request
            yield env.timeout(length_s)
            pool.worked_s += length_s

    def draw(order: Order) -> Generator[Any, Any, None]:
        card: _Card = yield free.get()
        card.under_way += 1
        yield from use(queue_lock, costs.claim_s)
        with card.pool.resource.request() as request:
            yield request
            run.waits.append(env.now - order.at)
            yield free.put(card)
            yield env.timeout(order.card_s + costs.handover_s)
            card.pool.worked_s += order.card_s
        yield from finish(order)
        card.under_way -= 1
        heapq.heapify(free.items)

    def wait_outside(order: Order) -> Generator[Any, Any, None]:
        with threads.resource.request() as request:
            yield request
            yield from use(queue_lock, costs.claim_s)
            run.waits.append(env.now - order.at)
            yield env.timeout(order.kind.thread_s)
            threads.worked_s += order.kind.thread_s
        yield from finish(order)

    def finish(order: Order) -> Generator[Any, Any, None]:
        """The card draws the next job meanwhile: fetching, checking, storing, rows."""
        yield from use(nodes, order.kind.files * (costs.worker_cpu_s + costs.other_cpu_s * shares_cores) * slower)
        yield from use(database, order.kind.files * costs.database_cpu_s * (slower if shares_cores else 1))
        run.totals.append(env.now - order.at)
        run.done_by_end += env.now <= seconds

    def job(order: Order) -> Generator[Any, Any, None]:
        yield env.timeout(order.at)
        yield from draw(order) if order.card_s else wait_outside(order)

    for order in orders:
        env.process(job(order))
    env.run()
    run.ended_at, length = env.now, max(seconds, env.now)
    run.busy = {
        "cards": round(sum(card.pool.share(length) for card in cards) / len(cards), 4),
        "threads": round(threads.share(length), 4),
        "cores of nodes": round(nodes.share(length), 4),
        "queue lock": round(queue_lock.share(length), 4),
    }
    if not shares_cores:
        run.busy["cores of Postgres"] = round(database.share(length), 4)
    return run


def quantile(values: Sequence[float], part: float) -> float:
    """0.0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
