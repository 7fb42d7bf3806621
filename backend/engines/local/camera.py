"""Camera moves over a still picture, filmed and encoded here: works on any machine (backend/media/ffmpeg/camera_moves.py)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from backend.engines.local.pictures import input_pictures
from backend.engines.ports.events import EngineStatus, Event, Output, Progress
from backend.engines.ports.motion import MotionCard, MotionRequest, video_size
from backend.errors import EngineUnavailable, Unsupported
from backend.language import tr_lazy
from backend.media import ffmpeg as tool
from backend.media.ffmpeg.camera_frames import still_streams
from backend.media.ffmpeg.camera_moves import MOVES, FilmedStill
from backend.settings import Settings

SIDE, FRAMES, FPS, MAX_FRAMES = 1920, 150, 30, 1800


class CameraEngine:
    """One card per move. `movement`: how far it goes. Prompts, LoRAs, steps and seeds have no effect."""

    name = "camera"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        card = _card(request.model)
        frames, fps = request.frames or card.frames, request.fps or card.fps
        _check(card, request)
        yield Progress(0, 0, tr_lazy("opening the picture"))
        still, out = request.workdir / "still.png", request.workdir / "film.mp4"
        size = yield from input_pictures.convert_to_png(request.picture, still)
        width, height = video_size(*size, request.width, request.height, longest=SIDE)
        filmed_still = FilmedStill(
            still, card.name, size, (width, height), request.focus, request.movement, frames=frames, fps=fps
        )
        threads = self._settings.engines.local.threads
        graph = tool.h264_output(still_streams([filmed_still])[0], out, fps=fps, frames=frames, threads=threads)
        for done in tool.render(graph, out, self._settings, stills=[filmed_still]):
            yield Progress(min(done, frames), frames, tr_lazy("making the video"))
        still.unlink()
        yield Output(out, 0, {"width": width, "height": height, "frames": frames, "fps": fps})

    def models(self) -> list[MotionCard]:
        return list(CARDS)

    def status(self, device: str = "") -> EngineStatus:
        try:
            path = tool.binary_path(self._settings)
            version = tool.version(path)
        except EngineUnavailable as error:
            return EngineStatus(self.name, False, "", error.message)
        return EngineStatus(self.name, True, f"ffmpeg {version}", tr_lazy("Camera moves over pictures: {n}.", n=len(CARDS)))

    def close(self) -> None:
        return None


CARDS = tuple(
    MotionCard(
        name=move.name,
        title=move.title,
        prompts=False,
        base="",
        side=SIDE,
        frames=FRAMES,
        fps=FPS,
        most_frames=MAX_FRAMES,
        note=move.note,
        loops=move.loops,
    )
    for move in MOVES
)


def _card(name: str) -> MotionCard:
    if card := next((card for card in CARDS if name in ("", card.name)), None):
        return card
    raise Unsupported(
        tr_lazy(
            "There is no camera move {name}. There are: {what}.", name=repr(name), what=", ".join(card.name for card in CARDS)
        )
    )


def _check(card: MotionCard, request: MotionRequest) -> None:
    if not 0 <= request.frames <= card.most_frames or request.frames == 1:
        raise Unsupported(tr_lazy("A video has 2 to {most_frames} frames. Choose fewer seconds.", most_frames=card.most_frames))
    if not 0 <= request.fps <= 60 or not 0 <= request.movement <= 1 or not 0 <= request.focus <= 1:
        raise Unsupported(tr_lazy("Frames a second must be 1 to 60; movement and what is kept between 0 and 1."))
    if request.loras:
        raise Unsupported(
            tr_lazy("A camera move uses no LoRA. Create the picture with the LoRA, then move the camera over it.")
        )
