"""The thread that takes a sample of the installation each minute, beside the scheduler; and what answers probes and
Prometheus."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import structlog

from backend import VERSION, monitoring
from backend.db.transactions import Anonymous
from backend.errors import StudioError
from backend.jobs import JOB_TYPES
from backend.kit import metrics

if TYPE_CHECKING:
    from backend.app import App
    from workers.lease import Lease

log = structlog.get_logger(__name__)
LOOK_EVERY_S = 10.0
"""How often a new minute is looked for."""
PURGE_EVERY = 360
"""After so many looks old samples are deleted."""


class SamplerThread:
    """Any number may run: one of them takes each minute's sample."""

    def __init__(self, app: App) -> None:
        self._app = app

    def run(self, stopping: threading.Event) -> None:
        """Looks every LOOK_EVERY_S until `stopping` is set. Errors are logged; the next look tries again."""
        looks = 0
        while not stopping.wait(LOOK_EVERY_S):
            looks += 1
            try:
                monitoring.take(self._app)
                if looks % PURGE_EVERY == 1:
                    with self._app.db.transaction(Anonymous()) as tx:
                        monitoring.purge_old(tx)
            except StudioError as error:
                log.warning("no sample taken", error=error.message)
            except Exception:
                log.exception("no sample taken")


def serve_probes(address: tuple[str, int], queues: tuple[str, ...], lease: Lease) -> ThreadingHTTPServer:
    """Answers GET /health, /ready and /metrics at `address` (port 0: any free one), in threads of this process.

    /health is 200 while the process answers, also without Postgres, which a new start would not bring back. /ready is 503
    while it takes no jobs: its lease was not renewed for half its time, or it is stopping. Both have the seeds' body:
    `{"status", "queues": {type of job: active, waiting or stopping}}`. Raises OSError when the port is taken.
    """

    class ProbeHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path in ("/health", "/ready"):
                state = "stopping" if lease.stopping.is_set() else "waiting" if lease.lapsed else "active"
                status = 503 if self.path == "/ready" and state != "active" else 200
                self._send(status, json.dumps(_health(queues, state)).encode(), "application/json")
            elif self.path == "/metrics":
                self._send(200, metrics.exposition({}), metrics.CONTENT_TYPE)
            else:
                self._send(404, b'{"error": "There is /health, /ready and /metrics."}', "application/json")

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            log.debug("probe", request=format % args)

    server = ThreadingHTTPServer(address, ProbeHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server


def _health(queues: tuple[str, ...], state: str) -> dict[str, object]:
    types = sorted({job_type.public_type for job_type in JOB_TYPES.values() if job_type.queue in queues})
    return {
        "status": {"active": "ok", "waiting": "degraded"}.get(state, state),
        "version": VERSION,
        "queues": dict.fromkeys(types, state),
    }
