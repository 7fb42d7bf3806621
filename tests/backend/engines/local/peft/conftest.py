"""A trainer whose runs share one child."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.engines.local.peft import trainer as peft_trainer
from backend.engines.local.peft.trainer import PeftTrainer
from backend.settings import Settings
from tests.backend.engines.local.peft.warm import WarmProcess


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
