"""Videos from pictures on ComfyUI: AnimateDiff (SD 1.5, with prompt and LoRAs) and Stable Video Diffusion (picture only).

The built-in camera moves are offered beside them.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from backend.engines.comfyui import lora_upload, prompt_runner, server_urls
from backend.engines.comfyui import servers as comfy_servers
from backend.engines.comfyui.client import ComfyUnreachable
from backend.engines.comfyui.graphs import needs
from backend.engines.comfyui.graphs import workflow as comfy_workflow
from backend.engines.comfyui.prompt_runner import Task
from backend.engines.comfyui.servers import Servers
from backend.engines.comfyui.video_fit import crop_to_shape, fit_video
from backend.engines.local.camera import CARDS as CAMERA_CARDS
from backend.engines.local.camera import CameraEngine
from backend.engines.local.pictures import input_pictures
from backend.engines.ports.events import EngineStatus, Event, forward_events
from backend.engines.ports.motion import MotionCard, MotionRequest
from backend.engines.ports.workflow import Graph
from backend.errors import EngineUnavailable, Unsupported
from backend.language import joined, tr_lazy
from backend.settings import Settings

MODULES_FOLDER = "animatediff_models"
_CAMERA_MOVES = {card.name for card in CAMERA_CARDS}
_MAX_STEPS = 100
_MOTION_BUCKETS = (1, 255)
"""SVD's motion_bucket_id, from still to wild."""


class ComfyMotion:
    """A card for each motion module and each SVD checkpoint that a server has."""

    name = "comfyui"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = Servers(settings)
        self._camera = CameraEngine(settings)

    def run(self, request: MotionRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if request.model in _CAMERA_MOVES:
            yield from self._camera.run(request, handle)
            return
        handle = yield from prompt_runner.usable_handle(self._servers, request.device, handle)
        url = self._servers.url_of(request.device)
        card = self._card(request)
        _check(card, request)
        picture = request.workdir / "upload.png"
        yield from input_pictures.convert_to_png(request.picture, picture)
        width, height = fit_size(card, *(yield from crop_to_shape(picture, request)))
        workflow = comfy_workflow.load_builtin("animatediff" if card.prompts else "svd")
        loras = [(lora_upload.copy_to_server(self._settings, url, lora.path, lora.name), lora.weight) for lora in request.loras]
        graph = comfy_workflow.bind(workflow, _values(card, request, picture.name, width, height), loras)
        [slot] = workflow.slots["picture"]
        uploads = {(slot.node, slot.input): picture}
        task = Task(
            graph,
            workflow.results,
            request.steps,
            uploads,
            {"seed": request.seed},
            lambda server_url: self._missing(server_url, graph),
        )
        events = prompt_runner.run_tasks(self._servers, [task], device=request.device, workdir=request.workdir, handle=handle)
        out = request.workdir / "film.mp4"
        yield from forward_events(events, lambda event: fit_video(event, request, out, self._settings))

    def models(self) -> list[MotionCard]:
        return [*self._model_cards(), *CAMERA_CARDS]

    def status(self, device: str = "") -> EngineStatus:
        status = self._servers.status(self._servers.url_of(device), device)
        count = len(self._model_cards())
        no_model_note = tr_lazy("No motion model: put one into models/animatediff_models there, or an SVD checkpoint.")
        models_note = tr_lazy("Motion models: {n}.", n=count) if count else no_model_note
        return EngineStatus(self.name, status.ok and bool(count), status.version, joined(status.detail, models_note), device)

    def close(self) -> None:
        self._servers.close()

    def _model_cards(self) -> list[MotionCard]:
        cards_by_name: dict[str, MotionCard] = {}
        for url in self._servers.urls:
            for card in self._server_cards(url):
                cards_by_name.setdefault(card.name, card)
        return list(cards_by_name.values())

    def _server_cards(self, url: str) -> list[MotionCard]:
        """Empty while the server is unreachable and nothing is cached."""
        try:
            modules = self._servers.models(url, MODULES_FOLDER)
            checkpoints = [name for name in self._servers.models(url, "checkpoints") if _is_svd(name)]
        except ComfyUnreachable:
            return []
        animatediff_note = tr_lazy("Follows the prompt and SD 1.5 LoRAs; the picture is where it starts.")
        svd_note = tr_lazy("Moves the picture itself: no words, no LoRAs.")
        return [
            *(
                MotionCard(name, _title(name), True, "sd15", 512, 16, 8, 64, True, animatediff_note, "image")
                for name in modules
            ),
            *(MotionCard(name, _title(name), False, "", 1024, 25, 6, 25, False, svd_note, "image") for name in checkpoints),
        ]

    def _card(self, request: MotionRequest) -> MotionCard:
        """Raises Unsupported, EngineUnavailable."""
        url = self._servers.url_of(request.device)
        cards = self._server_cards(url)
        if not cards and not self._servers.status(url, request.device).ok:
            raise EngineUnavailable(comfy_servers.unreachable_message(url))
        if card := next((card for card in cards if request.model in ("", card.name)), None):
            return card
        offer = tr_lazy("It has: {names}.", names=", ".join(card.name for card in cards)) if cards else tr_lazy("It has none.")
        raise Unsupported(
            tr_lazy(
                "ComfyUI at {name} has no motion model {model}: put it into models/{modules_folder} there "
                "(AnimateDiff) or models/checkpoints (SVD). {offer}",
                name=server_urls.name(url),
                model=repr(request.model),
                modules_folder=MODULES_FOLDER,
                offer=offer,
            )
        )

    def _missing(self, url: str, graph: Graph) -> list[str]:
        return needs.missing_parts(self._servers.info(url, {node["class_type"] for node in graph.values()}), graph)


def fit_size(card: MotionCard, width: int, height: int) -> tuple[int, int]:
    """The picture's shape with the card's long side, both sides multiples of 64 px: every model and codec takes them."""
    factor = card.side / max(width, height)
    return max(64, round(width * factor / 64) * 64), max(64, round(height * factor / 64) * 64)


def _check(card: MotionCard, request: MotionRequest) -> None:
    if not 1 <= request.steps <= _MAX_STEPS:
        raise Unsupported(tr_lazy("Steps must be between 1 and {max_steps}.", max_steps=_MAX_STEPS))
    if not 0 <= request.frames <= card.most_frames or request.frames == 1:
        raise Unsupported(
            tr_lazy(
                "{title} makes videos of 2 to {most_frames} frames. Choose fewer.",
                title=card.title,
                most_frames=card.most_frames,
            )
        )
    if not 0 <= request.fps <= 60 or not 0 <= request.movement <= 1:
        raise Unsupported(tr_lazy("Frames a second must be 1 to 60, and movement between 0 and 1."))
    if request.loras and not card.base:
        raise Unsupported(
            tr_lazy(
                "{title} uses no LoRA. Create the first picture with the LoRA, then animate that picture.", title=card.title
            )
        )
    if card.checkpoint and not request.checkpoint:
        raise Unsupported(tr_lazy("{title} works with an SD 1.5 checkpoint. Choose one.", title=card.title))


def _values(card: MotionCard, request: MotionRequest, picture: str, width: int, height: int) -> dict[str, Any]:
    values: dict[str, Any] = {
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
        values["cfg"] = request.cfg
    if not card.prompts:
        low, high = _MOTION_BUCKETS
        # SVD starts from noise, so the denoise strength is always 1.
        return values | {"movement": round(low + (high - low) * request.movement), "strength": 1.0}
    # Below 0.5 the frames hardly differ, at 1 nothing of the picture is left.
    strength = round(0.5 + 0.45 * request.movement, 3)
    texts = {"prompt": request.prompt, "negative": request.negative_prompt, "checkpoint": request.checkpoint}
    return values | texts | {"strength": strength}


def _is_svd(name: str) -> bool:
    return "svd" in name.rpartition("/")[2].lower()


def _title(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0].replace("_", " ") or name
