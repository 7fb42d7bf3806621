"""Moves pictures on a ComfyUI: AnimateDiff (SD 1.5, follows words and LoRAs) and Stable Video Diffusion (the picture alone).

The camera moves of a fresh machine stay on offer beside them.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from backend.engines.comfyui import lora_upload, needs, prompt_runner, server_urls
from backend.engines.comfyui import servers as words
from backend.engines.comfyui import workflow as comfy_workflow
from backend.engines.comfyui.client import Away
from backend.engines.comfyui.lint import Graph
from backend.engines.comfyui.prompt_runner import Task
from backend.engines.comfyui.servers import Servers
from backend.engines.events import EngineStatus, Event
from backend.engines.image import input_pictures
from backend.engines.motion import resize
from backend.engines.motion.camera import CARDS as MOVES
from backend.engines.motion.camera import Camera
from backend.engines.motion.port import MotionCard, MotionRequest
from backend.engines.relay import relayed
from backend.errors import EngineUnavailable, Unsupported
from backend.settings import Settings

MODULES = "animatediff_models"
_MOVES = {card.name for card in MOVES}
_MOST_STEPS = 100
_BUCKETS = (1, 255)
"""SVD's motion_bucket_id, from still to wild."""


class ComfyMotion:
    """A card for each motion module and each SVD checkpoint that a server has."""

    name = "comfyui"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = Servers(settings)
        self._camera = Camera(settings)

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if request.model in _MOVES:
            yield from self._camera.run(request, handle)
            return
        handle = yield from prompt_runner.remembered(self._servers, request.device, handle)
        url = self._servers.url_of(request.device)
        card = self._card(request)
        _check(card, request)
        picture = request.workdir / "upload.png"
        yield from input_pictures.opened(request.picture, picture)
        width, height = fit(card, *(yield from resize.cropped(picture, request)))
        workflow = comfy_workflow.load("animatediff" if card.prompts else "svd")
        loras = [(lora_upload.deliver(self._settings, url, lora.path, lora.name), lora.weight) for lora in request.loras]
        graph = workflow.bind(_values(card, request, picture.name, width, height), loras)
        [slot] = workflow.slots["picture"]
        uploads = {(slot.node, slot.input): picture}
        task = Task(
            graph, workflow.results, request.steps, uploads, {"seed": request.seed}, lambda at: self._missing(at, graph)
        )
        events = prompt_runner.run(self._servers, [task], device=request.device, workdir=request.workdir, handle=handle)
        out = request.workdir / "film.mp4"
        yield from relayed(events, lambda event: resize.fitted(event, request, out, self._settings))

    def models(self) -> list[MotionCard]:
        return [*self._drawing(), *MOVES]

    def status(self, device: str = "") -> EngineStatus:
        said = self._servers.status(self._servers.url_of(device), device)
        number = len(self._drawing())
        none = "No motion model: put one into models/animatediff_models there, or an SVD checkpoint."
        has = f"Motion models: {number}." if number else none
        return EngineStatus(self.name, said.ok and bool(number), said.version, f"{said.detail} {has}", device)

    def close(self) -> None:
        self._servers.close()

    def _drawing(self) -> list[MotionCard]:
        found: dict[str, MotionCard] = {}
        for url in self._servers.urls:
            for card in self._cards(url):
                found.setdefault(card.name, card)
        return list(found.values())

    def _cards(self, url: str) -> list[MotionCard]:
        """Nothing while the server is away and was never asked."""
        try:
            modules = self._servers.models(url, MODULES)
            checkpoints = [name for name in self._servers.models(url, "checkpoints") if _is_svd(name)]
        except Away:
            return []
        note = "Follows the prompt and SD 1.5 LoRAs; the picture is where it starts."
        moved = "Moves the picture itself: no words, no LoRAs."
        return [
            *(MotionCard(name, _title(name), True, "sd15", 512, 16, 8, 64, True, note, "image") for name in modules),
            *(MotionCard(name, _title(name), False, "", 1024, 25, 6, 25, False, moved, "image") for name in checkpoints),
        ]

    def _card(self, request: MotionRequest) -> MotionCard:
        """Raises Unsupported, EngineUnavailable."""
        url = self._servers.url_of(request.device)
        cards = self._cards(url)
        if not cards and not self._servers.status(url, request.device).ok:
            raise EngineUnavailable(words.away(url))
        if found := next((card for card in cards if request.model in ("", card.name)), None):
            return found
        has = f"It has: {', '.join(card.name for card in cards)}." if cards else "It has none."
        raise Unsupported(
            f"ComfyUI at {server_urls.name(url)} has no motion model {request.model!r}: put it into models/{MODULES} there "
            f"(AnimateDiff) or models/checkpoints (SVD). {has}"
        )

    def _missing(self, url: str, graph: Graph) -> list[str]:
        return needs.missing(self._servers.info(url, {node["class_type"] for node in graph.values()}), graph)


def fit(card: MotionCard, width: int, height: int) -> tuple[int, int]:
    """The picture's shape with the card's long side, both sides multiples of 64 px: every model and codec takes them."""
    factor = card.side / max(width, height)
    return max(64, round(width * factor / 64) * 64), max(64, round(height * factor / 64) * 64)


def _check(card: MotionCard, request: MotionRequest) -> None:
    if not 1 <= request.steps <= _MOST_STEPS:
        raise Unsupported(f"Steps must be between 1 and {_MOST_STEPS}.")
    if not 0 <= request.frames <= card.most_frames or request.frames == 1:
        raise Unsupported(f"{card.title} makes films of 2 to {card.most_frames} frames. Choose fewer.")
    if not 0 <= request.fps <= 60 or not 0 <= request.movement <= 1:
        raise Unsupported("Frames a second must be 1 to 60, and movement between 0 and 1.")
    if request.loras and not card.base:
        raise Unsupported(f"{card.title} takes no LoRA. Draw the first picture with it, then move that picture.")
    if card.checkpoint and not request.checkpoint:
        raise Unsupported(f"{card.title} moves an SD 1.5 checkpoint. Choose one.")


def _values(card: MotionCard, request: MotionRequest, picture: str, width: int, height: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "picture": picture,
        "motion": card.name,
        "frames": request.frames or card.frames,
        "fps": request.fps or card.fps,
        "steps": request.steps,
        "seed": request.seed,
        "width": width,
        "height": height,
    }
    if request.cfg:
        said["cfg"] = request.cfg
    if not card.prompts:
        low, high = _BUCKETS
        # The film starts from noise: everything of it is drawn, whatever the picture.
        return said | {"movement": round(low + (high - low) * request.movement), "strength": 1.0}
    # Below 0.5 the frames hardly differ, at 1 nothing of the picture is left.
    strength = round(0.5 + 0.45 * request.movement, 3)
    words_ = {"prompt": request.prompt, "negative": request.negative_prompt, "checkpoint": request.checkpoint}
    return said | words_ | {"strength": strength}


def _is_svd(name: str) -> bool:
    return "svd" in name.rpartition("/")[2].lower()


def _title(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0].replace("_", " ") or name
