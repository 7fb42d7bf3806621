"""What a server holds and gives back: memory of its card, files brought to it, LoRAs under names of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.engines.comfyui import lora_upload
from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.engines.ports.image import ImageRequest
from backend.errors import EngineError, EngineUnavailable, Unsupported
from backend.settings import Settings
from tests.fakes.engines import write_lora
from tests.servers.comfyui import ComfyServer
from tests.support.wait import until

Ask = Callable[..., ImageRequest]


def test_a_card_that_changes_hands_is_idle_and_empty(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    """comfyui.md, 7: POST /free is applied after the running prompt."""
    server.faults.step_s = 0.05
    running = engine.run(ask(seeds=(1,)))
    for _ in running:
        if server.ran:
            break
    engine.unload("cpu")
    assert server.core.line.remaining() == 0
    until(lambda: server.core.worker.freed, what="an empty card")
    list(running)
    server.stop()
    with pytest.raises(EngineUnavailable, match="does not answer"):
        engine.unload("cpu")
    engine.unload()


def test_a_lora_is_brought_once_and_never_written_over(tmp_path: Path) -> None:
    settings = Settings.read(
        env_file=None, COMFYUI_URL="http://a:1,http://b:2", COMFYUI_MODELS_DIR=f"{tmp_path}/a,{tmp_path}/b"
    )
    lora = write_lora(tmp_path / "lora.safetensors", 1)
    lora.chmod(0o600)  # as a child writes it
    first = lora_upload.copy_to_server(settings, "http://a:1", lora, "bella")
    assert (tmp_path / "a" / "loras" / first).stat().st_mode & 0o044 == 0o044, "a ComfyUI of another user reads it"
    stamp = (tmp_path / "a" / "loras" / first).stat().st_mtime_ns
    assert lora_upload.copy_to_server(settings, "http://a:1", lora, "bella") == first
    assert (tmp_path / "a" / "loras" / first).stat().st_mtime_ns == stamp
    write_lora(lora, 2)
    second = lora_upload.copy_to_server(settings, "http://b:2", lora, "bella")
    assert second != first
    assert [path.name for path in (tmp_path / "b" / "loras" / "studio").iterdir()] == [Path(second).name]


def test_where_it_cannot_be_brought_says_what_to_do(tmp_path: Path) -> None:
    lora = write_lora(tmp_path / "lora.safetensors", 1)
    (tmp_path / "file").write_text("no folder")
    for folder, error, says in (("", Unsupported, "Set COMFYUI_MODELS_DIR"), (f"{tmp_path}/file", EngineError, "Check that")):
        settings = Settings.read(env_file=None, COMFYUI_URL="http://a:1", COMFYUI_MODELS_DIR=folder)
        with pytest.raises(error, match=says):
            lora_upload.copy_to_server(settings, "http://a:1", lora, "bella")
