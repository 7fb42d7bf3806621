"""What is tested on real programs is not even looked at without them: nothing is skipped in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from backend.engines.trainer import peft_trainer
from backend.engines.trainer.peft_trainer import PeftTrainer
from backend.settings import Settings
from tests.backend.engines.trainer.warm import WarmProcess

collect_ignore = [] if os.environ.get("REAL_KOHYA") else ["test_kohya_real.py"]


@pytest.fixture(scope="session")
def warm(settings: Settings) -> Iterator[WarmProcess]:
    running = WarmProcess.start(settings)
    yield running
    running.close()


@pytest.fixture
def trainer(settings: Settings, warm: WarmProcess, monkeypatch: pytest.MonkeyPatch) -> PeftTrainer:
    """Its runs share one child."""
    monkeypatch.setattr(peft_trainer, "EngineProcess", warm)
    return PeftTrainer(settings)
