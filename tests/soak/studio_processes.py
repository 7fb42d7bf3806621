"""Studio processes that a soak kills and starts again."""

from __future__ import annotations

import os
import random
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from backend.kit import child
from backend.settings import ROOT
from ops.local_stack import services
from tests.e2e.conftest import answers, listening_pid
from tests.support.wait import until


@dataclass
class StudioProcesses:
    """Studios on one database, by port."""

    environment: dict[str, str]
    folder: Path
    running: dict[int, Any] = field(default_factory=dict)

    def start(self, port: int) -> None:
        with (self.folder / f"studio-{port}.log").open("ab") as log:
            argv = [sys.executable, *services.studio_service(host="127.0.0.1", port=port).args]
            env = {**os.environ, **self.environment, "HOST": "127.0.0.1", "PORT": str(port)}
            self.running[port] = child.spawn(argv, cwd=ROOT, env=env, stdout=log, stderr=log)

    def kill(self, port: int) -> None:
        """The process and whatever it started, without a warning."""
        studio = psutil.Process(listening_pid(port))
        for victim in [studio, *studio.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        self.running[port].wait()

    def wait_for(self, port: int) -> None:
        until(lambda: answers(f"http://127.0.0.1:{port}"), 240, what=f"the studio at {port}")

    def any_url(self, dice: random.Random) -> str:
        return f"http://127.0.0.1:{dice.choice(sorted(self.running))}"

    def stop(self) -> None:
        for process in self.running.values():
            child.stop(process, grace_s=8)
