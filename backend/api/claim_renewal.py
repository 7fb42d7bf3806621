"""Renews the claims of requests with an Idempotency-Key while they run, so that only those of dead processes are taken over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from backend import access
from backend.access import RequestClaim
from backend.app import App
from backend.db.transactions import SystemCaller
from backend.errors import StudioError

log = structlog.get_logger(__name__)


class _ClaimRenewal:
    """One thread of the process, started with the first claim; it sleeps while nothing runs."""

    def __init__(self) -> None:
        self._claims: dict[RequestClaim, App] = {}
        self._lock, self._some = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def of(self, app: App, claim: RequestClaim) -> Iterator[None]:
        """Renews `claim` until the block ends."""
        with self._lock:
            self._claims[claim] = app
            self._some.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="claim renewal", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._claims[claim]
                if not self._claims:
                    self._some.clear()

    def _run(self) -> None:
        at_rest = threading.Event()
        while True:
            self._some.wait()
            at_rest.wait(access.idempotency.RENEW_S)
            with self._lock:
                running = list(self._claims.items())
            for claim, app in running:
                try:
                    with app.db.transaction(SystemCaller(claim.tenant_id)) as tx:
                        access.idempotency.renew(tx, claim)
                except StudioError as error:
                    log.warning("a running request's claim was not renewed", reason=error.message)


claim_renewal = _ClaimRenewal()
