"""`python -m tests.load`: locust (infra/load/locustfile.py) on a throw-away studio with as many signed-in people as users.

LOAD_USERS, LOAD_SECONDS, LOAD_ROWS: how many people, how long, rows of jobs, pictures and posts in their workspace.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from backend.settings import ROOT
from tests.bench.hundred_operators import alone, cpu_s, full, requests_of, site, two_workers
from tests.factories.account import make_person

USERS, SECONDS, ROWS = (int(os.environ.get(name, default)) for name, default in
                        (("LOAD_USERS", "100"), ("LOAD_SECONDS", "60"), ("LOAD_ROWS", "50000")))  # fmt: skip


def main() -> int:
    with full(ROWS) as running_studio, site(running_studio) as (url, pid), two_workers(running_studio):
        tokens = [make_person(running_studio.app.db, running_studio.tenant.id, "editor").token for _ in range(USERS)]
        sessions = running_studio.folder / "sessions.json"
        sessions.write_text(json.dumps({"workspace": running_studio.tenant.id, "tokens": tokens}))
        argv = [sys.executable, "-m", "locust", "-f", "infra/load/locustfile.py", "--headless", "--only-summary", "--host", url]
        argv += ["--users", str(USERS), "--spawn-rate", str(max(1, USERS // 10)), "--run-time", f"{SECONDS}s", "--reset-stats"]
        for kind, (path, _) in requests_of(running_studio).items():  # the first answer of a process takes seconds
            figures = alone(running_studio, url, path, rounds=3, pause_s=0.0)
            print(f"{kind} alone: p50 {figures['p50_ms']} ms")
        before = cpu_s(pid)
        done = subprocess.run(argv, cwd=ROOT, env={**os.environ, "STUDIO_SESSIONS": str(sessions)}, check=False)
        print(f"studio: {(cpu_s(pid) - before) / SECONDS:.2f} cores; load of the machine {os.getloadavg()[0]:.1f}")
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
