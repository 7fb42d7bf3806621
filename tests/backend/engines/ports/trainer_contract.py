"""What every trainer keeps of its port, whatever trains: run by the tests of each of them."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

from backend.engines.ports.events import Checkpoint, Event, Metric, Output, Progress, Sample
from backend.engines.ports.trainer import LoraTrainer, TrainRequest
from backend.errors import Rejected, Unsupported
from backend.media.model_files import safetensors

Make = Callable[..., TrainRequest]
T = TypeVar("T")
PHASES = ["loading", "caching", "training", "sampling", "saving"]
LEAKS = (
    *("bella", "secret", tempfile.gettempdir(), "pictures"),
    *("ss_tag_frequency", "ss_dataset_dirs", "ss_datasets", "ss_session_id"),
)


def of(events: list[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def a_run_and_its_resumed_half(trainer: LoraTrainer, make: Make, base: str, again: Path) -> tuple[list[Event], list[Event]]:
    """Six steps with a checkpoint after three; then its second half from that state. Returns the events of both."""
    uninterrupted = list(trainer.run(make(steps=6, save_every=3, sample_every=2)))
    metrics = of(uninterrupted, Metric)
    assert [metric.step for metric in metrics] == [1, 2, 3, 4, 5, 6]
    assert all(math.isfinite(metric.loss) and metric.lr > 0 for metric in metrics)
    half, final = of(uninterrupted, Checkpoint)
    assert (half.step, half.final, final.step, final.final) == (3, False, 6, True)
    assert half.state_path
    assert final.state_path is None
    for sample in of(uninterrupted, Sample):
        assert sample.path.read_bytes().startswith(b"\x89PNG")
    assert of(uninterrupted, Sample)
    phases = list(dict.fromkeys(event.phase for event in of(uninterrupted, Progress)))
    assert set(phases) <= set(PHASES)
    assert phases[0] == "loading"
    steps = [event.done for event in of(uninterrupted, Progress) if event.phase == "training"]
    assert all(before <= after for before, after in pairwise(steps))
    assert steps[-1] == 6
    [last] = of(uninterrupted, Output)
    assert uninterrupted[-1] is last
    assert (last.path, last.n, last.meta["steps"]) == (final.path, 0, 6)
    assert last.meta["loss_first"] > 0
    assert last.meta["loss_last"] > 0
    for made, step in ((half, 3), (final, 6)):
        check_file(made.path, base, step)
    again.mkdir()
    resumed = list(trainer.run(make(steps=6, save_every=3, sample_every=0, resume=half.state_path, workdir=again)))
    assert [metric.step for metric in of(resumed, Metric)] == [4, 5, 6]
    assert [checkpoint.step for checkpoint in of(resumed, Checkpoint)] == [6]
    # Where the first loss is a mean of steps, those before the state are remembered; real programs draw other noise after.
    recalled = [*metrics[:3], *of(resumed, Metric)]
    mean = sum(metric.loss for metric in recalled) / len(recalled)
    first = mean if "loss_over" in last.meta else last.meta["loss_first"]
    assert of(resumed, Output)[0].meta["loss_first"] == pytest.approx(first)
    return uninterrupted, resumed


def check_file(path: Path, base: str, step: int) -> None:
    """A whole, finite LoRA in kohya's layout that says what it fits and nothing of what it learned from."""
    card = safetensors.inspect(path)
    assert card.keys_ok
    assert safetensors.all_finite(path)
    assert (card.dim, card.base) == (4, base)
    assert card.metadata["ss_steps"] == str(step)
    assert {"ss_network_module", "ss_network_dim", "ss_network_alpha", "ss_base_model_version"} <= card.metadata.keys()
    metadata = str(card.metadata)
    assert not [leak for leak in LEAKS if leak in metadata]


def a_state_of_another_run_is_refused(trainer: LoraTrainer, make: Make, state: Path) -> None:
    with pytest.raises(Rejected, match="other pictures or settings"):
        list(trainer.run(make(steps=6, save_every=3, unet_lr=5e-4, resume=state)))
    state.write_bytes(b"cut off")
    with pytest.raises(Rejected, match="broken"):
        list(trainer.run(make(steps=6, save_every=3, resume=state)))


def only_a_checkpoint_that_fits_is_continued(trainer: LoraTrainer, make: Make, start: Callable[..., object]) -> None:
    """`start(name)`: a Start of the LoRA `foreign` (dim 4, another model) or of the file `broken`."""
    cases: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("foreign", {}, "other parts of the model|is for"),
        ("foreign", {"network_dim": 8}, "has dim 4"),
        ("broken", {}, "broken or gone"),
    )
    for name, changes, says in cases:
        with pytest.raises(Rejected, match=says):
            list(trainer.run(make(start=start(name), **changes)))


def what_cannot_be_trained_gets_a_sentence(trainer: LoraTrainer, make: Make) -> None:
    for changes, says in (
        ({"resolution": 100}, "cannot train at 100"),
        ({"steps": 0}, "at least 1"),
        ({"images": 0}, "no pictures"),
    ):
        with pytest.raises(Unsupported, match=says):
            list(trainer.run(make(**changes)))
