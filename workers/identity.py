"""Who this worker process is."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass, field

from backend import VERSION
from backend.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Identity:
    """Its row in `workers`: an id of this start, and where it runs."""

    queues: tuple[str, ...]
    id: str = field(default_factory=lambda: new_id("wrk"))
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)

    def row(self) -> dict[str, object]:
        """Columns of `workers`."""
        queues = json.dumps(self.queues)
        return {"id": self.id, "host": self.host, "pid": self.pid, "queues": queues, "version": VERSION}
