"""`python -m ops.capacity --users 500 --nodes 10`: what the model says of an installation, as one JSON object."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from ops.capacity.model import Installation, SimulatedRun, poisson_orders, quantile, read_measured, simulate


def main() -> int:
    options = _parser().parse_args()
    sys.stdout.write(json.dumps(predict(**vars(options)), indent=1) + "\n")
    return 0


def predict(
    *,
    users: int,
    nodes: int,
    cards: int,
    cores: int,
    database_cores: int,
    studios: int,
    jobs_a_user: float,
    hours: float,
    seed: int,
) -> dict[str, Any]:
    """`cards`, `cores`: of a node. `jobs_a_user`: an hour."""
    costs, mix, measured = read_measured()
    seconds, jobs_an_hour = hours * 3600, users * jobs_a_user
    orders = list(poisson_orders(mix, jobs_an_hour=jobs_an_hour, seconds=seconds, seed=seed))
    installation = Installation(nodes, nodes * cards, nodes * measured["threads_a_node"], nodes * cores, database_cores)
    outcome = simulate(installation, costs, orders, seconds=seconds)
    pages = measured["pages"]
    processes = studios + 2 * nodes
    return {
        "users": users, "nodes": nodes, "cards": installation.cards, "ordered_an_hour": round(len(orders) / hours),
        "done_an_hour": round(outcome.done_by_end / hours),
        "wait_p50_s": round(quantile(outcome.waits, 0.5), 1), "wait_p95_s": round(quantile(outcome.waits, 0.95), 1),
        "busy": outcome.busy, "limited_by": limit(outcome),
        "studio_cores": round(users * pages["requests_s"] * pages["cpu_ms"] / 1000, 2),
        "studio_mb": round(studios * pages["process_mb"] + users * pages["page_mb"]),
        "connections_at_most": processes * measured["connections_a_process"],
    }  # fmt: skip


def limit(outcome: SimulatedRun) -> str:
    """What is busiest; "nothing" below 70 %."""
    name, share = max(outcome.busy.items(), key=lambda pair: pair[1])
    return name if share >= 0.7 else "nothing"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.capacity", description=__doc__)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--nodes", type=int, default=10, help="machines with workers")
    parser.add_argument("--cards", type=int, default=2, help="of a node")
    parser.add_argument("--cores", type=int, default=8, help="of a node")
    parser.add_argument("--database-cores", type=int, default=4, help="0: Postgres runs on the nodes")
    parser.add_argument("--studios", type=int, default=4)
    parser.add_argument("--jobs-a-user", type=float, default=2.0, help="an hour")
    parser.add_argument("--hours", type=float, default=8.0, help="simulated")
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
