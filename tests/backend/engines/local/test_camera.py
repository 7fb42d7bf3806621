"""Camera moves by a real ffmpeg: the contract, no shaking, no way out of the picture, an end that leaves nothing behind."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from backend.engines.comfyui.video_fit import crop_window
from backend.engines.local.camera import CARDS, CameraEngine
from backend.engines.ports.events import Progress
from backend.engines.ports.image import LoraUse
from backend.engines.ports.motion import MotionRequest
from backend.engines.registry import build_engines
from backend.errors import EngineUnavailable, Invalid, Rejected, Unsupported
from backend.media.ffmpeg.camera_moves import MOVES, View, view_path
from backend.settings import Settings
from tests.backend.engines.ports.motion_contract import Ask, MotionContract, made, picture

__all__ = ["picture"]
FRAMES = 24


@pytest.fixture
def motion() -> CameraEngine:
    return CameraEngine(Settings.read(env_file=None, ENGINE_THREADS=1))


@pytest.fixture
def ask(picture: Path, tmp_path: Path) -> Ask:
    return lambda **changes: MotionRequest(**{"model": "", "picture": picture, "workdir": tmp_path, **changes})


class TestContract(MotionContract):
    pass


def corners(view: View, shape: float) -> list[float]:
    """x and y of the four corners, px of the picture."""
    half = view.width / 2, view.width / shape / 2
    signs = ((-1, -1), (1, -1), (-1, 1), (1, 1))
    return [
        value
        for across, down in signs
        for value in (
            view.x + across * half[0] * math.cos(view.turn) - down * half[1] * math.sin(view.turn),
            view.y + across * half[0] * math.sin(view.turn) + down * half[1] * math.cos(view.turn),
        )
    ]


@pytest.mark.parametrize("move", [move.name for move in MOVES])
@pytest.mark.parametrize("picture_size", [(1000, 1000), (640, 1600), (1600, 640), (90, 128)])
@pytest.mark.parametrize("shape", [9 / 16, 1.0, 16 / 9])
def test_the_view_stays_on_the_picture_and_moves_evenly(move: str, picture_size: tuple[int, int], shape: float) -> None:
    card = next(card for card in CARDS if card.name == move)
    for movement, focus in ((0.0, 0.5), (1.0, 0.0), (0.5, 1.0)):
        path = view_path(move, picture=picture_size, shape=shape, focus=focus, movement=movement, seconds=5)
        x, y, width, height = path.region
        assert 0 <= x <= x + width <= picture_size[0]
        assert 0 <= y <= y + height <= picture_size[1]
        track = [corners(path.at(n / 60), shape) for n in range(61)]
        least, most = [x - 0.01, y - 0.01] * 4, [x + width + 0.01, y + height + 0.01] * 4
        assert all(low <= at <= high for row in track for low, at, high in zip(least, row, most, strict=True))
        steps = [max(abs(a - b) for a, b in zip(first, second, strict=True)) for first, second in pairwise(track)]
        assert max(steps) < 0.05 * max(width, height), "no jump"
        assert (track[0] == pytest.approx(track[-1], abs=1e-6)) is card.loops


def test_a_wide_picture_is_travelled_over_not_cropped_away() -> None:
    path = view_path("pan-right", picture=(3200, 900), shape=9 / 16, focus=0.5, movement=0.5, seconds=5)
    assert path.widest == pytest.approx(900 * 9 / 16)
    assert path.region[2] > 1.3 * path.widest


def dots(path: Path, size: tuple[int, int]) -> tuple[float, float]:
    """A picture of one soft dot off the middle; where it is, in shares."""
    at = (0.3, 0.35)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    far = (x - at[0] * size[0]) ** 2 + (y - at[1] * size[1]) ** 2
    Image.fromarray((40 + 200 * np.exp(-far / (2 * (0.02 * size[0]) ** 2))).astype("uint8")).convert("RGB").save(path)
    return at


def test_a_slow_push_in_does_not_shake(motion: CameraEngine, tmp_path: Path) -> None:
    """The dot goes where the formula says; what is left beside a smooth line is a few hundredths of a pixel.

    A window of whole pixels (zoompan) leaves 0.28 px rms and jumps of half a pixel.
    """
    still, size = tmp_path / "dot.png", 360
    at = dots(still, (size, size))
    request = MotionRequest("push-in", still, tmp_path, frames=FRAMES, fps=30, movement=0.2, width=size, height=size)
    film = made(list(motion.run(request))).path
    path = view_path("push-in", picture=(size, size), shape=1.0, focus=0.5, movement=0.2, seconds=1)
    misses = []
    with av.open(str(film)) as opened:
        for n, frame in enumerate(opened.decode(video=0)):
            luma = frame.to_ndarray(format="gray").astype(float)
            view = path.at(n / (FRAMES - 1))
            begin, top = view.x - view.width / 2, view.y - view.width / 2
            expected = (at[0] * size - begin) / view.width * size, (at[1] * size - top) / view.width * size
            ys, xs = np.mgrid[0:size, 0:size]
            soft = np.exp(-((xs - expected[0]) ** 2 + (ys - expected[1]) ** 2) / (2 * 25**2))
            part = np.clip(luma - np.median(luma) - 4, 0, None) * soft
            misses.append(((part * xs).sum() / part.sum() - expected[0], (part * ys).sum() / part.sum() - expected[1]))
    assert len(misses) == FRAMES
    shaken = [side - np.polyval(np.polyfit(range(FRAMES), side, 4), range(FRAMES)) for side in np.array(misses).T]
    assert np.abs(np.array(misses)).max() < 1
    assert float(np.sqrt(np.mean(np.square(shaken)))) < 0.03
    assert float(np.abs(shaken).max()) < 0.1


def test_a_cancelled_film_ends_its_program_and_leaves_no_half_file(motion: CameraEngine, ask: Ask, tmp_path: Path) -> None:
    running = motion.run(ask(model="handheld", frames=900, width=640, height=640))
    while not isinstance(event := next(running), Progress) or event.phase != "making the video":
        pass
    running.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["picture.jpg", "still.png"]


def test_what_ffmpeg_cannot_do_is_a_sentence(ask: Ask, motion: CameraEngine, tmp_path: Path) -> None:
    (tmp_path / "no.jpg").write_text("no picture")
    with pytest.raises(Rejected, match="cannot be read"):
        list(motion.run(ask(picture=tmp_path / "no.jpg")))
    with pytest.raises(Unsupported, match="no LoRA"):
        list(motion.run(ask(loras=(LoraUse("x", tmp_path / "x", 1.0),))))
    camera = CameraEngine(Settings.read(env_file=None, FFMPEG_BINARY="/nonexistent/ffmpeg"))
    assert (camera.status().ok, "FFMPEG_BINARY" in camera.status().detail) == (False, True)
    with pytest.raises(EngineUnavailable, match="FFMPEG_BINARY"):
        list(camera.run(ask()))


def test_the_engine_is_chosen_by_settings() -> None:
    def named(**values: Any) -> str:
        return build_engines(Settings.read(env_file=None, TRAINER_ENGINE="peft", **values)).motion.name

    assert (named(), named(COMFYUI_URL="http://127.0.0.1:1")) == ("camera", "comfyui")
    assert named(COMFYUI_URL="http://127.0.0.1:1", MOTION_ENGINE="camera") == "camera"
    with pytest.raises(Invalid, match="nosuch"):
        named(MOTION_ENGINE="nosuch")


@pytest.mark.parametrize(
    ("size", "shape", "focus", "part"),
    [
        ((1600, 900), 9 / 16, 0.5, (547, 0, 506, 900)),
        ((1600, 900), 9 / 16, 0.0, (0, 0, 506, 900)),
        ((900, 1600), 1.0, 1.0, (0, 700, 900, 900)),
        ((64, 64), 1.0, 0.5, (0, 0, 64, 64)),
    ],
)
def test_what_is_kept_of_a_picture(size: tuple[int, int], shape: float, focus: float, part: tuple[int, int, int, int]) -> None:
    assert crop_window(*size, shape, focus) == part
