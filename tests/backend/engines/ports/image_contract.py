"""What every image engine must do. A test module imports these and provides `engine`, `model` and `image_request`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.engines.ports.events import Output, Progress
from backend.engines.ports.image import ImageEngine, ImageRequest
from backend.errors import EngineError, Rejected, Unsupported

Make = Callable[..., ImageRequest]
ROUNDING = 3  # of 255: batches of different sizes round differently


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def outputs(engine: ImageEngine, request: ImageRequest) -> list[Output]:
    return [event for event in engine.run(request) if isinstance(event, Output)]


def test_offers_its_models(engine: ImageEngine, model: str) -> None:
    card = next(card for card in engine.models() if card.name == model)
    assert card.title
    assert card.base
    assert card.sampler in card.samplers
    assert card.side % card.step_px == 0
    assert engine.status().ok


def test_draws_each_seed_in_order(engine: ImageEngine, model: str, image_request: Make) -> None:
    request = image_request(model, seeds=(1, 2, 3, 4, 5))
    events = list(engine.run(request))
    progress = [event for event in events if isinstance(event, Progress) and event.total]
    outputs = [event for event in events if isinstance(event, Output)]
    assert [event.n for event in outputs] == [0, 1, 2, 3, 4]
    assert [event.meta["seed"] for event in outputs] == [1, 2, 3, 4, 5]
    assert all(before.done <= after.done for before, after in pairwise(progress))
    assert progress[-1].done == progress[-1].total == request.steps * 5
    with Image.open(outputs[4].path) as picture:
        assert picture.format == "PNG"
        assert picture.size == (request.width, request.height)
        assert not picture.info
    # The first pictures do not wait for the last ones.
    assert events.index(outputs[0]) < events.index(progress[-1])


def test_a_seed_is_a_picture_whatever_the_batch(engine: ImageEngine, model: str, image_request: Make, tmp_path: Path) -> None:
    together = [pixels(event.path) for event in outputs(engine, image_request(model, seeds=(7, 8, 9), sampler="euler_a"))]
    (tmp_path / "alone").mkdir()
    alone = outputs(engine, image_request(model, seeds=(8,), workdir=tmp_path / "alone", sampler="euler_a"))
    assert abs(together[1] - pixels(alone[0].path)).max() <= ROUNDING
    assert abs(together[0] - together[1]).max() > ROUNDING


def test_every_sampler_draws(engine: ImageEngine, model: str, image_request: Make, tmp_path: Path) -> None:
    card = next(card for card in engine.models() if card.name == model)
    drawn = {}
    for sampler in card.samplers:
        (tmp_path / sampler).mkdir()
        [made] = outputs(engine, image_request(model, seeds=(1,), sampler=sampler, steps=5, workdir=tmp_path / sampler))
        drawn[sampler] = pixels(made.path)
        assert drawn[sampler].std() > 1
    assert abs(drawn["ddim"] - drawn["euler_a"]).max() > ROUNDING


def test_draws_from_a_picture(engine: ImageEngine, model: str, image_request: Make, tmp_path: Path) -> None:
    start = tmp_path / "start.jpg"
    Image.new("RGB", (300, 200), (200, 30, 30)).save(start)
    kept, lost = (
        pixels(outputs(engine, image_request(model, seeds=(1,), steps=10, init_image=start, strength=strength))[0].path)
        for strength in (0.1, 1.0)
    )
    colour = np.array([200, 30, 30])
    assert abs(kept - lost).mean() > 1
    if model == "starter":  # the miniature's codec is random and keeps nothing
        assert abs(kept.mean((0, 1)) - colour).sum() < abs(lost.mean((0, 1)) - colour).sum()


def test_the_wanted_shape_is_kept_as_far_as_the_model_can(engine: ImageEngine, model: str, image_request: Make) -> None:
    [made] = outputs(engine, image_request(model, seeds=(1,), width=1080, height=1350, steps=2))
    height, width, _ = pixels(made.path).shape
    assert (made.meta["width"], made.meta["height"]) == (width, height)
    assert width <= height


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sampler": "nonsense"}, "Choose one of"),
        ({"width": 400, "height": 100}, "Choose another"),
        ({"width": 0}, "Choose another"),
        ({"steps": 0}, "between 1 and"),
        ({"seeds": ()}, "pictures at once"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(
    engine: ImageEngine, model: str, image_request: Make, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(Unsupported, match=says):
        list(engine.run(image_request(model, **changes)))


def test_a_broken_start_picture_gets_a_sentence(engine: ImageEngine, model: str, image_request: Make, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG nothing")
    with pytest.raises(Rejected, match="Choose another picture"):
        list(engine.run(image_request(model, init_image=broken)))


def test_an_unknown_model_gets_a_sentence(engine: ImageEngine, image_request: Make, model: str) -> None:
    request = image_request(model, seeds=(1,))
    with pytest.raises(EngineError, match="nosuch"):
        list(engine.run(request.model_copy(update={"model": "nosuch"})))


def test_closing_cancels_and_frees_the_engine(engine: ImageEngine, model: str, image_request: Make) -> None:
    running = engine.run(image_request(model, seeds=tuple(range(40)), steps=50))
    for event in running:
        if isinstance(event, Progress) and event.done:
            break
    running.close()
    assert len(outputs(engine, image_request(model, seeds=(1,)))) == 1
