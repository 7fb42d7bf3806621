"""A trainer whose runs share one child, for tests of what a run does: starting torch costs more than such a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backend.engines.local.torch_host.process import EngineProcess
from backend.settings import Settings

CHILD = "tests.backend.engines.local.peft.warm_child"


class WarmProcess:
    """What PeftTrainer takes for a process of its own. Runs must be read to their end: only a real child can be stopped."""

    def __init__(self, process: EngineProcess) -> None:
        self._process, self._ended = process, True

    @classmethod
    def start(cls, settings: Settings) -> WarmProcess:
        return cls(
            EngineProcess(CHILD, {"device": settings.engines.local.device, "threads": settings.engines.local.threads}, settings)
        )

    def __call__(self, module: str, argument: Any, settings: Settings, *, nice: int = 0) -> WarmProcess:
        return self

    def send(self, message: dict[str, Any]) -> bool:
        assert self._ended, "the run before was not read to its end"
        self._ended = False
        return self._process.send(message)

    def messages(self) -> Iterator[dict[str, Any] | None]:
        for message in self._process.messages():
            if message and "ended" in message:
                self._ended = True
                return
            yield message
        raise self._process.failure()

    def stop(self, grace_s: float = 0.0) -> int:
        """Ends the run, not the child: after an error there is only the end mark to read."""
        if not self._ended:
            for _ in self.messages():
                pass
        return 0

    def failure(self) -> Exception:
        return AssertionError("a run ended without its last checkpoint")

    def close(self) -> None:
        self._process.stop(grace_s=0.2)
