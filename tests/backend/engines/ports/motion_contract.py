"""What every motion adapter keeps. A suite inherits it and gives the fixtures `motion` and `ask`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from backend.engines.ports.events import Event, Output, Progress
from backend.engines.ports.motion import MotionEngine, MotionRequest
from backend.errors import Unsupported
from backend.media import ffmpeg
from tests.factories.pictures import photo

Ask = Callable[..., MotionRequest]


def film_of(path: Path) -> ffmpeg.VideoInfo:
    looking: Generator[None, None, ffmpeg.VideoInfo] = ffmpeg.probe(path)
    while True:
        try:
            next(looking)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


def made(events: list[Event]) -> Output:
    [output] = [event for event in events if isinstance(event, Output)]
    assert events[-1] is output
    return output


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.jpg"
    path.write_bytes(photo(2, size=(96, 64)))
    return path


class MotionContract:
    def test_a_picture_becomes_a_film_that_every_player_takes(self, motion: MotionEngine, ask: Ask) -> None:
        request = ask(frames=6)
        events = list(motion.run(request))
        output = made(events)
        film = film_of(output.path)
        assert (film.codec, film.pixels, film.sound, film.frames) == ("h264", "yuv420p", False, 6)
        assert film.width % 2 == film.height % 2 == 0
        assert (output.meta["width"], output.meta["height"], output.meta["frames"]) == (film.width, film.height, 6)
        data = output.path.read_bytes()
        assert 0 < data.index(b"moov") < data.index(b"mdat"), "a player begins before the whole file is loaded"
        counted = [event for event in events if isinstance(event, Progress) and event.total]
        assert counted
        assert counted[-1].done == counted[-1].total

    def test_a_film_has_exactly_the_size_asked_for(self, motion: MotionEngine, ask: Ask) -> None:
        output = made(list(motion.run(ask(frames=4, width=90, height=160, focus=1.0))))
        film = film_of(output.path)
        assert (film.width, film.height) == (output.meta["width"], output.meta["height"]) == (90, 160)

    def test_the_first_model_is_the_default_and_says_what_it_takes(self, motion: MotionEngine) -> None:
        cards = motion.models()
        assert motion.status().ok
        assert len({card.name for card in cards}) == len(cards)
        assert all(0 < card.frames <= card.most_frames and card.fps > 0 and card.title for card in cards)
        assert all(bool(card.base) <= card.prompts for card in cards)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"model": "nosuch"}, "nosuch"),
            ({"frames": 9999}, "frames"),
            ({"movement": 3.0}, "ovement"),
            ({"fps": 200}, "1 to 60"),
        ],
    )
    def test_what_cannot_move_is_a_sentence(self, motion: MotionEngine, ask: Ask, changes: dict[str, Any], says: str) -> None:
        with pytest.raises(Unsupported, match=says):
            list(motion.run(ask(**changes)))
