"""Each way a run of sd-scripts goes wrong ends in a sentence; what was whole is kept, and no process stays behind."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend.engines.kohya import error_messages, orphans, trainer
from backend.engines.ports.events import Checkpoint, Event, Metric, Output, Progress
from backend.engines.ports.trainer import TrainImage
from backend.errors import EngineError, OutOfMemory, ProcessKilled, Rejected, StudioError, Unsupported
from backend.kit import child
from backend.media.model_files import safetensors
from tests.backend.engines.kohya.kohya_rig import Rig, make
from tests.backend.engines.ports.trainer_contract import of
from tests.factories.checkpoints import write_checkpoint
from tests.support.wait import until


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return make(tmp_path)


def working_in(root: Path) -> list[psutil.Process]:
    """Every process whose command line names this test's folder."""
    found = psutil.process_iter(["cmdline"])
    return [
        one for one in found if any(str(root) in word for word in one.info["cmdline"] or []) and one.pid != psutil.Process().pid
    ]


@pytest.mark.parametrize(
    ("faults", "changes", "kind", "says"),
    [
        ({"nan_at": 3}, {}, Rejected, "step 3: the loss is no longer a number. Lower the learning rate .now 0.001."),
        ({"nan_quietly": True}, {}, Rejected, "step 6 holds numbers that are not finite"),
        ({"oom_at": 2}, {}, OutOfMemory, "Lower the batch size"),
        ({"killed_at": 2}, {}, ProcessKilled, "ended from outside"),
        ({"no_file": True}, {}, EngineError, "without a finished LoRA"),
        ({"no_tokenizer": True}, {}, Unsupported, "CLIP tokenizer"),
        ({"module_missing": "einops"}, {}, Unsupported, "No module named 'einops'"),
        ({"disk_full_at": 3}, {"save_every": 3}, EngineError, "The disk is full"),
    ],
)
def test_a_fault_gets_a_sentence(
    rig: Rig, tmp_path: Path, faults: dict[str, Any], changes: dict[str, Any], kind: type[StudioError], says: str
) -> None:
    rig.faults(**faults)
    with pytest.raises(kind, match=says) as caught:
        list(rig.trainer.run(rig.request(**changes)))
    assert type(caught.value) is kind
    assert not working_in(tmp_path)
    assert not list(tmp_path.glob("work-*/kohya-*"))
    assert not list((tmp_path / "var/kohya/running").iterdir())


def test_without_the_hub_it_says_what_is_missing() -> None:
    """As the real one ended, 48d368fa with huggingface_hub 0.34."""
    said = """Traceback (most recent call last):
requests.exceptions.ConnectionError: (MaxRetryError("HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded
with url: /api/models/openai/clip-vit-large-patch14/tree/main/additional_chat_templates"), '(Request ID: x)')"""
    assert "CLIP tokenizer" in error_messages.failure(1, said, "base.safetensors").message


def test_nan_is_stopped_at_once(rig: Rig) -> None:
    """It would go on to the end and say that all is well (kohya.md, 7)."""
    rig.faults(nan_at=3, step_s=0.02)
    running, seen = rig.trainer.run(rig.request(steps=100_000)), list[Event]()
    with pytest.raises(Rejected, match="no longer a number"):
        seen.extend(running)
    assert [metric.step for metric in of(seen, Metric)] == [1, 2]


def test_no_pictures_is_not_success(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """rc 0 and no file (kohya.md, 7)."""
    monkeypatch.setattr("backend.engines.kohya.dataset._prepared_picture", lambda image, side: _Nothing())
    with pytest.raises(Rejected, match="kohya found no pictures"):
        list(rig.trainer.run(rig.request()))


class _Nothing:
    def save(self, path: Path, **how: object) -> None:
        """Leaves the folder empty."""


def test_an_unreadable_picture_is_named(rig: Rig, tmp_path: Path) -> None:
    """sd-scripts would end with a division by zero and no name."""
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    request = rig.request()
    images = (*request.images[:2], TrainImage(tmp_path / "broken.jpg", "bella"))
    with pytest.raises(Rejected, match="Picture 3 of the dataset cannot be read"):
        list(rig.trainer.run(replace(request, images=images)))


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("gone.safetensors", Unsupported, "no checkpoint 'gone.safetensors'"),
        ("../originals/0.safetensors", Unsupported, "no checkpoint"),
        ("cut.safetensors", Rejected, "broken or cut off"),
        ("flux/base.safetensors", Unsupported, "a FLUX checkpoint"),
        ("sd21/base.safetensors", Unsupported, "a Stable Diffusion 2 checkpoint"),
    ],
)
def test_a_checkpoint_that_cannot_be_trained(rig: Rig, name: str, kind: type[EngineError], says: str) -> None:
    (rig.models / "cut.safetensors").write_bytes((rig.models / "sd15/base.safetensors").read_bytes()[:5000])
    with pytest.raises(kind, match=says):
        list(rig.trainer.run(replace(rig.request(), model=name)))


def test_a_checkpoint_that_breaks_after_it_was_chosen(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """kohya.md, 7: corrupt checkpoint, rc 1, header too large."""
    card, path = rig.trainer._install.find("sd15/base.safetensors")
    broken = path.with_name("broken.safetensors")
    broken.write_bytes(b"\xff" * 64)
    monkeypatch.setattr(rig.trainer._install, "find", lambda name: (card, broken))
    with pytest.raises(Rejected, match="cannot load the checkpoint"):
        list(rig.trainer.run(rig.request()))
    write_checkpoint(broken, "sdxl")
    with pytest.raises(Rejected, match="of another kind"):
        list(rig.trainer.run(rig.request()))


def test_a_silent_program_is_stopped(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "PREPARING_SILENCE_S", 0.8)
    monkeypatch.setattr(trainer, "STEP_SILENCE_S", 0.8)
    for stuck in (-1, 3):
        rig.faults(stuck_at=stuck)
        with pytest.raises(EngineError, match="has said nothing"):
            list(rig.trainer.run(rig.request()))
        assert not working_in(tmp_path)


def test_without_event_files_the_loss_is_not_made_up(rig: Rig) -> None:
    rig.faults(no_events=True)
    events = list(rig.trainer.run(rig.request(save_every=3)))
    assert not of(events, Metric)
    assert [made.step for made in of(events, Checkpoint)] == [3, 6]
    assert of(events, Output)[0].meta == {"steps": 6}


def test_half_written_files_are_left_alone(rig: Rig) -> None:
    """kohya.md, 5: written in place, not atomically."""
    rig.faults(write_s=0.4)
    found = of(list(rig.trainer.run(rig.request(save_every=3))), Checkpoint)
    assert [made.step for made in found] == [3, 6]
    for made in found:
        assert safetensors.all_finite(made.path)
    assert found[0].state_path


@pytest.fixture
def running(rig: Rig) -> Iterator[tuple[Rig, Any, Path]]:
    """A run in its steps, with one checkpoint told: (rig, generator, work folder)."""
    rig.faults(step_s=0.05)
    request = rig.request(steps=100_000, save_every=2)
    generator = rig.trainer.run(request)
    next(event for event in generator if isinstance(event, Checkpoint))
    yield rig, generator, request.workdir
    generator.close()


def test_cancel_leaves_nothing_behind(running: tuple[Rig, Any, Path], tmp_path: Path) -> None:
    rig, generator, workdir = running
    assert working_in(tmp_path)
    began = time.monotonic()
    generator.close()
    assert time.monotonic() - began < 10
    assert not working_in(tmp_path)
    kept = rig.trainer.newest_checkpoint(workdir)
    assert kept
    assert kept.step >= 2
    assert safetensors.all_finite(kept.path)


def test_a_killed_launcher_leaves_no_orphan(rig: Rig, tmp_path: Path) -> None:
    """SIGTERM to `accelerate launch` alone leaves the script running (kohya.md, 8); the kit ends the whole group."""
    rig.faults(step_s=0.05)
    script = tmp_path / "long.py"
    script.write_text("import time; print('ready', flush=True); time.sleep(600)")
    argv = [sys.executable, "-m", "tests.servers.kohya.accelerate_launch", str(script)]
    alone = subprocess.Popen(argv, stdout=subprocess.PIPE)
    assert alone.stdout
    alone.stdout.readline()
    alone.terminate()
    assert alone.wait() == 143
    alone.stdout.close()
    [orphan] = working_in(tmp_path)
    orphan.kill()
    until(lambda: not working_in(tmp_path), 10, what="end of the orphan")
    launched = child.spawn(argv, stdout=subprocess.PIPE)
    assert launched.stdout
    launched.stdout.readline()
    child.stop(launched)
    until(lambda: not working_in(tmp_path), 10, what="end of the group")


def test_what_a_dead_worker_left_is_killed_before_the_next_run(rig: Rig, tmp_path: Path) -> None:
    room, notes = tmp_path / "work-0" / "kohya-x", tmp_path / "var/kohya/running"
    script = tmp_path / "long.py"
    script.write_text("import time; print('ready', flush=True); time.sleep(600)")
    left = subprocess.Popen([sys.executable, str(script), str(room)], stdout=subprocess.PIPE, start_new_session=True)
    assert left.stdout
    left.stdout.readline()
    left.stdout.close()
    with orphans.registered(notes, room):
        assert orphans.kill_orphans(notes) == 0  # its worker, this process, is alive
        [note] = notes.iterdir()
        note.write_text(note.read_text().replace('"worker_began": ', '"worker_began": 1'))
        events = list(rig.trainer.run(rig.request()))
    assert left.wait(10) == -9
    assert of(events, Output)
    assert of(events, Progress)
