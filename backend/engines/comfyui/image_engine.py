"""The image engine of a studio with ComfyUI servers: each is a device with a queue of its own."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import structlog
from PIL import Image

from backend.engines.comfyui import checkpoints, image_inputs, lora_upload, prompt_runner, server_urls
from backend.engines.comfyui import servers as comfy_servers
from backend.engines.comfyui.client import ComfyRefused, ComfyUnreachable
from backend.engines.comfyui.graphs import needs
from backend.engines.comfyui.graphs import workflow as comfy_workflow
from backend.engines.comfyui.prompt_runner import Task
from backend.engines.comfyui.servers import Servers
from backend.engines.local.pictures import input_pictures
from backend.engines.local.pictures.input_pictures import PreparedInputs
from backend.engines.ports.events import Alive, EngineStatus, Event, Log, Output, forward_events
from backend.engines.ports.image import ImageRequest, ModelCard, check_request
from backend.engines.ports.workflow import Workflow
from backend.errors import EngineUnavailable, Invalid, Unsupported
from backend.language import joined, tr_lazy
from backend.media.images.ai_mark import deliver_png
from backend.settings import Settings

log = structlog.get_logger(__name__)
DRAIN_WAIT_S = 120.0
"""When a device changes hands, the longest wait for the prompt that is still running on it."""
_POSE_CLASSES = ("ControlNetLoader", "CheckpointLoaderSimple", "SDPoseKeypointExtractor", "SDPoseDrawKeypoints")


class ComfyImageEngine:
    """Closing `run` cancels its queued and running prompts. Several runs may share a server, which queues them."""

    name = "comfyui"
    keeps_s = 86_400.0  # until another model takes its place

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = Servers(settings)
        self._last_model: dict[str, str] = {}

    def run(self, request: ImageRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        handle = yield from prompt_runner.usable_handle(self._servers, request.device, handle)
        try:
            url, card = self._choose_server(request, handle)
            request = check_request(card, request)
            workflow = image_inputs.choose_workflow(request, card)
            inputs = yield from input_pictures.prepare_inputs(request, card)
            yield Alive()
            tasks = self._tasks(url, card, request, workflow, inputs)
        except (ComfyUnreachable, ComfyRefused) as error:
            raise EngineUnavailable(comfy_servers.unreachable_message(self._url(request.device)), detail=str(error)) from error
        if url != self._url(request.device):
            yield Log(
                tr_lazy(
                    "This is created by ComfyUI at {server}, which has this model, or had this picture before.",
                    server=server_urls.name(url),
                )
            )
        device = request.device if url == self._url(request.device) else server_urls.name(url)
        events = prompt_runner.run_tasks(self._servers, tasks, device=device, workdir=request.workdir, handle=handle)
        yield from forward_events(events, lambda event: _clean_output(event, request, card))
        self._last_model[device] = request.model

    def models(self) -> list[ModelCard]:
        return checkpoints.list_cards(self._servers)

    def missing_for(self, workflow: Workflow) -> list[str]:
        """Messages of the server that lacks least."""
        missing_by_url = self._servers.for_each_server(
            lambda url: self._missing_for(url, workflow), [comfy_servers.unreachable_message(self._url(""))]
        )
        return min(missing_by_url.values(), key=len, default=[])

    def status(self, device: str = "") -> EngineStatus:
        try:
            urls = [self._servers.url_of(device)] if device else self._servers.urls
            if not urls:
                self._servers.url_of("")
        except Invalid as error:
            return EngineStatus(self.name, False, "", error.message, device)
        if len(urls) == 1:
            return self._servers.status(urls[0], device)
        status_by_url = self._servers.for_each_server(self._servers.status, EngineStatus(self.name, False, "", "", ""))
        detail = joined(
            *(joined(server_urls.name(url), status.detail, separator=": ") for url, status in status_by_url.items())
        )
        versions = ", ".join(dict.fromkeys(status.version for status in status_by_url.values() if status.version))
        return EngineStatus(
            self.name,
            any(status.ok for status in status_by_url.values()),
            versions,
            detail,
            tr_lazy("{n} servers", n=len(urls)),
        )

    def loaded(self, device: str) -> str:
        return self._last_model.get(device, "")

    def unload(self, device: str = "") -> None:
        """Waits until the server of a named device is idle. Raises EngineUnavailable when it does not answer."""
        for name in [device] if device else list(self._last_model):
            self._last_model.pop(name, None)
        if not device:
            self._servers.for_each_server(lambda url: self._servers.client(url).free(), None)
            return
        client, deadline = self._servers.client(self._url(device)), time.monotonic() + DRAIN_WAIT_S
        try:
            client.free()
            while client.count_queued() and time.monotonic() < deadline:
                time.sleep(0.2)
        except (ComfyUnreachable, ComfyRefused) as error:
            raise EngineUnavailable(comfy_servers.unreachable_message(client.url), detail=str(error)) from error

    def close(self) -> None:
        """Closes all connections."""
        self._servers.close()

    def _url(self, device: str) -> str:
        return self._servers.url_of(device)

    def _choose_server(self, request: ImageRequest, handle: Mapping[str, Any]) -> tuple[str, ModelCard]:
        """The server of an earlier attempt's handle, else the device's server, else another one that has the model."""
        preferred_url = self._servers.url_from_handle(handle) or self._url(request.device)
        if card := checkpoints.find_card(self._servers, preferred_url, request.model):
            return preferred_url, card
        self._servers.forget(preferred_url)
        if card := checkpoints.find_card(self._servers, preferred_url, request.model):
            return preferred_url, card
        others = self._servers.for_each_server(lambda url: checkpoints.find_card(self._servers, url, request.model), None)
        for url, other_card in others.items():
            if other_card:
                return url, other_card
        raise Unsupported(
            tr_lazy(
                "ComfyUI at {name} has no checkpoint {model}. Put the file into its models/checkpoints folder, "
                "or choose another model.",
                name=server_urls.name(preferred_url),
                model=repr(request.model),
            )
        )

    def _tasks(
        self, url: str, card: ModelCard, request: ImageRequest, workflow: Workflow, inputs: PreparedInputs
    ) -> list[Task]:
        loras = [(lora_upload.copy_to_server(self._settings, url, lora.path, lora.name), lora.weight) for lora in request.loras]
        info = self._servers.info(url, _POSE_CLASSES) if request.pose else {}
        names = {role: path.name for role, path in inputs.pictures.items()}
        tasks = []
        for n, seed in enumerate(request.seeds):
            graph = comfy_workflow.bind(workflow, image_inputs.slot_values(request, card, inputs, n, names, info), loras)
            if request.pose and not request.pose_drawn:
                image_inputs.set_pose_reader(graph, info)
            slots = {role: [slot for slot in workflow.slots.get(role, ()) if slot.node in graph] for role in inputs.pictures}
            tasks.append(
                Task(
                    graph,
                    workflow.results,
                    _steps(graph),
                    {
                        (slot.node, slot.input): inputs.pictures[role]
                        for role, role_slots in slots.items()
                        for slot in role_slots
                    },
                    {"seed": seed},
                    lambda server_url, graph=graph: self._missing(server_url, graph),  # type: ignore[misc]
                )
            )
        return tasks

    def _missing_for(self, url: str, workflow: Workflow) -> list[str]:
        """Sentences for what one server lacks; what a request fills in is assumed: any picture, any checkpoint, no LoRA."""
        info = self._servers.info(url, {node["class_type"] for node in workflow.graph.values()})
        offered = needs.options(info, "CheckpointLoaderSimple", "ckpt_name") or [""]
        values = {"checkpoint": next(iter(offered), ""), **dict.fromkeys(workflow.needs_pictures(), "any.png")}
        return needs.missing_parts(info, comfy_workflow.bind(workflow, values))

    def _missing(self, url: str, graph: dict[str, Any]) -> list[str]:
        return needs.missing_parts(self._servers.info(url, {node["class_type"] for node in graph.values()}), graph)


def _steps(graph: Mapping[str, Any]) -> int:
    """Sampler steps of one picture; 1 when no node names any."""
    step_counts = [node["inputs"].get("steps") for node in graph.values()]
    return sum(steps for steps in step_counts if isinstance(steps, int)) or 1


def _clean_output(event: Event, request: ImageRequest, card: ModelCard) -> Generator[Event, None, None]:
    """Turns each Output into a PNG without the graph that the server embeds, pasted back into the source when a mask was
    used."""
    if not isinstance(event, Output):
        yield event
        return
    out, meta = request.workdir / f"{event.n}.png", dict(event.meta)
    if request.mask:
        meta["width"], meta["height"] = yield from input_pictures.paste_back(request, card, event.path, out)
    else:
        _write_bare_png(event.path, out)
    event.path.unlink()
    yield Output(out, event.n, meta, None if request.mask else event.picture)


def _write_bare_png(path: Path, out: Path) -> None:
    part_path = out.with_suffix(".part")
    if path.suffix == ".png":
        deliver_png(path, part_path, mark=False)
    else:
        with Image.open(path) as picture:
            picture.convert("RGB").save(part_path, "PNG")
    part_path.replace(out)
