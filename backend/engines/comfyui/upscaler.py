"""Upscale models of ComfyUI (ESRGAN and similar), which draw detail; the built-in resampler is offered beside them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from backend.engines.comfyui import prompt_runner, server_urls
from backend.engines.comfyui import servers as comfy_servers
from backend.engines.comfyui.client import ComfyUnreachable
from backend.engines.comfyui.graphs import needs
from backend.engines.comfyui.graphs import workflow as comfy_workflow
from backend.engines.comfyui.prompt_runner import Task
from backend.engines.comfyui.servers import Servers
from backend.engines.local.pictures import input_pictures
from backend.engines.local.pillow_upscaler import RESAMPLE_CARD as RESAMPLED
from backend.engines.local.pillow_upscaler import Resampler
from backend.engines.ports.events import EngineStatus, Event, Output, forward_events
from backend.engines.ports.upscale import UpscaleCard, UpscaleRequest
from backend.engines.ports.workflow import Graph
from backend.errors import EngineUnavailable, Invalid, Rejected, Unsupported
from backend.language import joined, tr_lazy
from backend.media.images.ai_mark import deliver_png
from backend.settings import Settings

FOLDER = "upscale_models"
SCALES = (2, 4)
_CLASSES = ("LoadImage", "UpscaleModelLoader", "ImageUpscaleWithModel", "ImageScale", "SaveImage")


class ComfyUpscaler:
    """The model enlarges by its own factor, then the result is scaled to the requested size, at most `max_image_pixels`."""

    name = "comfyui"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = Servers(settings)
        self._resampler = Resampler(settings)

    def run(self, request: UpscaleRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if request.model == RESAMPLED.name:
            yield from self._resampler.run(request, handle)
            return
        handle = yield from prompt_runner.usable_handle(self._servers, server_urls.name(self._url(request.device)), handle)
        url, name = self._choose_server(request)
        if request.scale not in SCALES:
            raise Unsupported(
                tr_lazy("{title} makes pictures {what} larger.", title=_title(name), what=" or ".join(f"{n}×" for n in SCALES))
            )
        picture = request.workdir / "upload.png"
        width, height = yield from input_pictures.convert_to_png(request.picture, picture)
        width, height = width * request.scale, height * request.scale
        if width * height > self._settings.uploads.max_image_pixels:
            limit = f"{self._settings.uploads.max_image_pixels / 1e6:.0f} million pixels"
            raise Rejected(
                tr_lazy(
                    "{width:,} × {height:,} px is more than {limit}. Choose a smaller factor.",
                    width=width,
                    height=height,
                    limit=limit,
                )
            )
        workflow = comfy_workflow.load_builtin("upscale")
        graph = comfy_workflow.bind(workflow, {"picture": picture.name, "upscaler": name, "width": width, "height": height})
        [slot] = workflow.slots["picture"]
        task = Task(
            graph,
            workflow.results,
            1,
            {(slot.node, slot.input): picture},
            {},
            lambda server_url: self._missing(server_url, graph),
        )
        events = prompt_runner.run_tasks(
            self._servers, [task], device=server_urls.name(url), workdir=request.workdir, handle=handle
        )
        yield from forward_events(events, lambda event: _clean_output(event, request.workdir / "larger.png"))

    def models(self) -> list[UpscaleCard]:
        """The models of all servers, then the resampler; an unreachable server counts with its cached list."""
        no_names: list[str] = []
        lists = self._servers.for_each_server(lambda url: self._servers.models(url, FOLDER), no_names)
        names = {name for server_names in lists.values() for name in server_names}
        return [*map(_upscale_card, sorted(names)), RESAMPLED]

    def status(self, device: str = "") -> EngineStatus:
        url = self._url(device)
        status = self._servers.status(url, device)
        count = len(self.models()) - 1
        return EngineStatus(
            self.name, status.ok, status.version, joined(status.detail, tr_lazy("Upscale models: {n}.", n=count)), device
        )

    def close(self) -> None:
        self._servers.close()

    def _choose_server(self, request: UpscaleRequest) -> tuple[str, str]:
        """URL and model name: the device's server if it has the model, else one that has.

        Raises Unsupported, EngineUnavailable.
        """
        preferred_url = self._url(request.device)
        try:
            offered = {preferred_url: self._servers.models(preferred_url, FOLDER)}
        except ComfyUnreachable as error:
            raise EngineUnavailable(comfy_servers.unreachable_message(preferred_url), detail=str(error)) from error
        no_names: list[str] = []
        if request.model not in offered[preferred_url]:
            offered |= self._servers.for_each_server(lambda url: self._servers.models(url, FOLDER), no_names)
        for url, names in offered.items():
            if model_name := next((name for name in sorted(names) if request.model in ("", name)), None):
                return url, model_name
        raise Unsupported(
            tr_lazy(
                "ComfyUI at {name} has no upscale model {model}: put the file into models/{folder} there, or "
                "choose another way.",
                name=server_urls.name(preferred_url),
                model=repr(request.model),
                folder=FOLDER,
            )
        )

    def _url(self, device: str) -> str:
        """The device's server; the first one for a device that no server uses (another engine draws there)."""
        try:
            return self._servers.url_of(device)
        except Invalid:
            return self._servers.url_of("")

    def _missing(self, url: str, graph: Graph) -> list[str]:
        return needs.missing_parts(self._servers.info(url, _CLASSES), graph)


def _upscale_card(name: str) -> UpscaleCard:
    title = _title(name)
    note = tr_lazy("{model}: adds fine detail of its own, so faces may change a little.", model=title)
    return UpscaleCard(name, title, SCALES, True, note, "image")


def _clean_output(event: Event, out: Path) -> Iterator[Event]:
    """Turns the Output into a PNG without the graph that the server embeds."""
    if not isinstance(event, Output):
        yield event
        return
    part_path = out.with_suffix(".part")
    deliver_png(event.path, part_path, mark=False)
    part_path.replace(out)
    if event.path != out:
        event.path.unlink()
    yield Output(out, event.n, event.meta, event.picture)


def _title(name: str) -> str:
    """`4x_NMKD-Superscale.pth` -> `4x NMKD-Superscale`."""
    return name.rpartition("/")[2].rpartition(".")[0].replace("_", " ") or name
