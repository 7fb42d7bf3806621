"""The image engine of a studio with ComfyUI servers: each is a device with a queue of its own."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import structlog
from PIL import Image

from backend.engines.comfyui import checkpoints, image_inputs, lora_upload, needs, prompt_runner, server_urls
from backend.engines.comfyui import servers as words
from backend.engines.comfyui.client import Away, Refusal
from backend.engines.comfyui.prompt_runner import Task
from backend.engines.comfyui.servers import Servers
from backend.engines.comfyui.workflow import Workflow
from backend.engines.events import Alive, EngineStatus, Event, Log, Output
from backend.engines.image import input_pictures
from backend.engines.image.checks import checked
from backend.engines.image.input_pictures import Ready
from backend.engines.image.port import ImageRequest, ModelCard
from backend.engines.relay import relayed
from backend.errors import EngineUnavailable, Invalid, Unsupported
from backend.media.images.ai_mark import deliver_png
from backend.settings import Settings

log = structlog.get_logger(__name__)
IDLE_S = 120.0
"""A card that changes hands waits at most so long for the prompt that runs."""
_POSES = ("ControlNetLoader", "CheckpointLoaderSimple", "SDPoseKeypointExtractor", "SDPoseDrawKeypoints")


class ComfyImageEngine:
    """Closing `run` cancels what is queued and running there. Several runs may share a server: it queues them."""

    name = "comfyui"
    keeps_s = 86_400.0  # until another model takes its place

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = Servers(settings)
        self._drawn: dict[str, str] = {}

    def run(self, request: ImageRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        handle = yield from prompt_runner.remembered(self._servers, request.device, handle)
        try:
            url, card = self._place(request, handle)
            request = checked(card, request)
            workflow = image_inputs.choose(request, card)
            ready = yield from input_pictures.ready(request, card)
            yield Alive()
            tasks = self._tasks(url, card, request, workflow, ready)
        except (Away, Refusal) as gone:
            raise EngineUnavailable(words.away(self._url(request.device)), detail=str(gone)) from gone
        if url != self._url(request.device):
            yield Log(f"This is drawn by ComfyUI at {server_urls.name(url)}, which has this model, or had this picture before.")
        device = request.device if url == self._url(request.device) else server_urls.name(url)
        events = prompt_runner.run(self._servers, tasks, device=device, workdir=request.workdir, handle=handle)
        yield from relayed(events, lambda event: _bared(event, request, card))
        self._drawn[device] = request.model

    def models(self) -> list[ModelCard]:
        return checkpoints.cards(self._servers)

    def lacks(self, workflow: Workflow) -> list[str]:
        """Of the server that has most of it."""
        found = self._servers.everywhere(lambda url: self._lacks(url, workflow), [words.away(self._url(""))])
        return min(found.values(), key=len, default=[])

    def status(self, device: str = "") -> EngineStatus:
        try:
            urls = [self._servers.url_of(device)] if device else self._servers.urls
            if not urls:
                self._servers.url_of("")
        except Invalid as wrong:
            return EngineStatus(self.name, False, "", wrong.message, device)
        if len(urls) == 1:
            return self._servers.status(urls[0], device)
        each = self._servers.everywhere(self._servers.status, EngineStatus(self.name, False, "", "", ""))
        detail = " ".join(f"{server_urls.name(url)}: {said.detail}" for url, said in each.items())
        versions = ", ".join(dict.fromkeys(said.version for said in each.values() if said.version))
        return EngineStatus(self.name, any(said.ok for said in each.values()), versions, detail, f"{len(urls)} servers")

    def loaded(self, device: str) -> str:
        return self._drawn.get(device, "")

    def unload(self, device: str = "") -> None:
        """A named one is waited for until it is idle. Raises EngineUnavailable when it does not answer."""
        for name in [device] if device else list(self._drawn):
            self._drawn.pop(name, None)
        if not device:
            self._servers.everywhere(lambda url: self._servers.client(url).free(), None)
            return
        client, until = self._servers.client(self._url(device)), time.monotonic() + IDLE_S
        try:
            client.free()
            while client.remaining() and time.monotonic() < until:
                time.sleep(0.2)
        except (Away, Refusal) as gone:
            raise EngineUnavailable(words.away(client.url), detail=str(gone)) from gone

    def close(self) -> None:
        """Ends its connections."""
        self._servers.close()

    def _url(self, device: str) -> str:
        return self._servers.url_of(device)

    def _place(self, request: ImageRequest, handle: Mapping[str, Any]) -> tuple[str, ModelCard]:
        """Where an earlier attempt's work is, else the device's server, else another one that has the model."""
        wished = self._servers.of(handle) or self._url(request.device)
        if card := checkpoints.of(self._servers, wished, request.model):
            return wished, card
        self._servers.forget(wished)
        if card := checkpoints.of(self._servers, wished, request.model):
            return wished, card
        others = self._servers.everywhere(lambda url: checkpoints.of(self._servers, url, request.model), None)
        for url, found in others.items():
            if found:
                return url, found
        raise Unsupported(
            f"ComfyUI at {server_urls.name(wished)} has no checkpoint {request.model!r}. "
            "Put the file into its models/checkpoints folder, or choose another model."
        )

    def _tasks(self, url: str, card: ModelCard, request: ImageRequest, workflow: Workflow, ready: Ready) -> list[Task]:
        loras = [(lora_upload.deliver(self._settings, url, lora.path, lora.name), lora.weight) for lora in request.loras]
        info = self._servers.info(url, _POSES) if request.pose else {}
        names = {role: path.name for role, path in ready.pictures.items()}
        tasks = []
        for n, seed in enumerate(request.seeds):
            graph = workflow.bind(image_inputs.values(request, card, ready, n, names, info), loras)
            if request.pose and not request.pose_drawn:
                image_inputs.with_reader(graph, info)
            slots = {role: [slot for slot in workflow.slots.get(role, ()) if slot.node in graph] for role in ready.pictures}
            tasks.append(
                Task(
                    graph,
                    workflow.results,
                    _steps(graph),
                    {(slot.node, slot.input): ready.pictures[role] for role, some in slots.items() for slot in some},
                    {"seed": seed},
                    lambda at, graph=graph: self._missing(at, graph),  # type: ignore[misc]
                )
            )
        return tasks

    def _lacks(self, url: str, workflow: Workflow) -> list[str]:
        """What requests fill in is not looked for: any picture, any checkpoint of the server, no LoRA."""
        info = self._servers.info(url, {node["class_type"] for node in workflow.graph.values()})
        known = needs.options(info, "CheckpointLoaderSimple", "ckpt_name") or [""]
        filled = {"checkpoint": next(iter(known), ""), **dict.fromkeys(workflow.needs_pictures(), "any.png")}
        return needs.missing(info, workflow.bind(filled))

    def _missing(self, url: str, graph: dict[str, Any]) -> list[str]:
        return needs.missing(self._servers.info(url, {node["class_type"] for node in graph.values()}), graph)


def _steps(graph: Mapping[str, Any]) -> int:
    """Sampler steps of one picture; 1 when none are countable."""
    found = [node["inputs"].get("steps") for node in graph.values()]
    return sum(steps for steps in found if isinstance(steps, int)) or 1


def _bared(made: Event, request: ImageRequest, card: ModelCard) -> Generator[Event, None, None]:
    """Every result as a bare PNG: without the graph the server wrote into it, and laid back where a mask was painted."""
    if not isinstance(made, Output):
        yield made
        return
    out, meta = request.workdir / f"{made.n}.png", dict(made.meta)
    if request.mask:
        meta["width"], meta["height"] = yield from input_pictures.laid_back(request, card, made.path, out)
    else:
        _bare(made.path, out)
    made.path.unlink()
    yield Output(out, made.n, meta, None if request.mask else made.picture)


def _bare(path: Path, out: Path) -> None:
    part = out.with_suffix(".part")
    if path.suffix == ".png":
        deliver_png(path, part, mark=False)
    else:
        with Image.open(path) as picture:
            picture.convert("RGB").save(part, "PNG")
    part.replace(out)
