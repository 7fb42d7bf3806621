"""Settings pick the engines, and picking them starts and imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backend.engines.registry import build_engines
from backend.errors import Invalid
from backend.settings import Settings


def test_the_defaults_work_on_a_fresh_machine() -> None:
    engines = build_engines(Settings.read())
    assert (engines.image.name, engines.trainer.name) == ("diffusers", "peft")
    assert engines.image.models()[0].name == engines.trainer.models()[0].name == "starter"


@pytest.mark.parametrize("wrong", [{"IMAGE_ENGINE": "nosuch"}, {"TRAINER_ENGINE": "nosuch"}])
def test_an_unknown_name_gets_a_sentence(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="nosuch"):
        build_engines(Settings.read(**wrong))


def test_sd_scripts_train_as_soon_as_they_have_a_folder(tmp_path: Path) -> None:
    assert build_engines(Settings.read(KOHYA_DIR=tmp_path)).trainer.name == "kohya"
    assert build_engines(Settings.read(KOHYA_DIR=tmp_path, TRAINER_ENGINE="peft")).trainer.name == "peft"
    assert build_engines(Settings.read(TRAINER_ENGINE="kohya")).trainer.status().detail.startswith("KOHYA_DIR is not set.")


def test_no_worker_ever_loads_torch() -> None:
    script = (
        "import sys; from backend.engines.registry import build_engines; from backend.settings import Settings\n"
        "e = build_engines(Settings.read())\n"
    )
    script += (
        "e.image.status(), e.trainer.status(); print([m for m in ('torch', 'diffusers', 'transformers') if m in sys.modules])"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "[]"
