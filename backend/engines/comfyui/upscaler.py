"""Upscale models of a ComfyUI (ESRGAN and its kin): they draw detail. The built-in resampler stays on offer beside them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from backend.engines.comfyui import needs, prompt_runner, server_urls
from backend.engines.comfyui import servers as words
from backend.engines.comfyui import workflow as comfy_workflow
from backend.engines.comfyui.client import Away
from backend.engines.comfyui.lint import Graph
from backend.engines.comfyui.prompt_runner import Task
from backend.engines.comfyui.servers import Servers
from backend.engines.events import EngineStatus, Event, Output
from backend.engines.image import input_pictures
from backend.engines.relay import relayed
from backend.engines.upscale.port import UpscaleCard, UpscaleRequest
from backend.engines.upscale.resampler import MODEL as RESAMPLED
from backend.engines.upscale.resampler import Resampler
from backend.errors import EngineUnavailable, Invalid, Rejected, Unsupported
from backend.media.images.ai_mark import deliver_png
from backend.settings import Settings

FOLDER = "upscale_models"
SCALES = (2, 4)
_CLASSES = ("LoadImage", "UpscaleModelLoader", "ImageUpscaleWithModel", "ImageScale", "SaveImage")


class ComfyUpscaler:
    """The model enlarges by its own factor, then the size asked for is cut from that. At most `max_image_pixels`."""

    name = "comfyui"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers = Servers(settings)
        self._resampler = Resampler(settings)

    def run(self, request: UpscaleRequest, handle: dict[str, Any] | None = None) -> Generator[Event, None, None]:
        if request.model == RESAMPLED.name:
            yield from self._resampler.run(request, handle)
            return
        handle = yield from prompt_runner.remembered(self._servers, server_urls.name(self._url(request.device)), handle)
        url, name = self._place(request)
        if request.scale not in SCALES:
            raise Unsupported(f"{_title(name)} makes pictures {' or '.join(f'{n}×' for n in SCALES)} larger.")
        picture = request.workdir / "upload.png"
        width, height = yield from input_pictures.opened(request.picture, picture)
        width, height = width * request.scale, height * request.scale
        if width * height > self._settings.max_image_pixels:
            most = f"{self._settings.max_image_pixels / 1e6:.0f} million pixels"
            raise Rejected(f"{width:,} × {height:,} px is more than {most}. Choose a smaller factor.")
        workflow = comfy_workflow.load("upscale")
        graph = workflow.bind({"picture": picture.name, "upscaler": name, "width": width, "height": height})
        [slot] = workflow.slots["picture"]
        task = Task(graph, workflow.results, 1, {(slot.node, slot.input): picture}, {}, lambda at: self._missing(at, graph))
        events = prompt_runner.run(self._servers, [task], device=server_urls.name(url), workdir=request.workdir, handle=handle)
        yield from relayed(events, lambda event: _bared(event, request.workdir / "larger.png"))

    def models(self) -> list[UpscaleCard]:
        """Those that every server has come from its list; a server that is away offers what it had."""
        none: list[str] = []
        lists = self._servers.everywhere(lambda url: self._servers.models(url, FOLDER), none)
        names = {name for some in lists.values() for name in some}
        return [*map(_card, sorted(names)), RESAMPLED]

    def status(self, device: str = "") -> EngineStatus:
        url = self._url(device)
        said = self._servers.status(url, device)
        number = len(self.models()) - 1
        return EngineStatus(self.name, said.ok, said.version, f"{said.detail} Upscale models: {number}.", device)

    def close(self) -> None:
        self._servers.close()

    def _place(self, request: UpscaleRequest) -> tuple[str, str]:
        """The device's server if it has the model, else one that has. Raises Unsupported, EngineUnavailable."""
        wished = self._url(request.device)
        try:
            offered = {wished: self._servers.models(wished, FOLDER)}
        except Away as gone:
            raise EngineUnavailable(words.away(wished), detail=str(gone)) from gone
        none: list[str] = []
        if request.model not in offered[wished]:
            offered |= self._servers.everywhere(lambda url: self._servers.models(url, FOLDER), none)
        for url, names in offered.items():
            if found := next((name for name in sorted(names) if request.model in ("", name)), None):
                return url, found
        raise Unsupported(
            f"ComfyUI at {server_urls.name(wished)} has no upscale model {request.model!r}: put the file into models/{FOLDER} "
            "there, or choose another way."
        )

    def _url(self, device: str) -> str:
        """Of a card that no server draws with (another engine draws here): the first."""
        try:
            return self._servers.url_of(device)
        except Invalid:
            return self._servers.url_of("")

    def _missing(self, url: str, graph: Graph) -> list[str]:
        return needs.missing(self._servers.info(url, _CLASSES), graph)


def _card(name: str) -> UpscaleCard:
    title = _title(name)
    note = f"{title}: draws fine detail of its own, so faces may change a little."
    return UpscaleCard(name, title, SCALES, True, note, "image")


def _bared(made: Event, out: Path) -> Iterator[Event]:
    """Without the graph that the server writes into its pictures."""
    if not isinstance(made, Output):
        yield made
        return
    part = out.with_suffix(".part")
    deliver_png(made.path, part, mark=False)
    part.replace(out)
    if made.path != out:
        made.path.unlink()
    yield Output(out, made.n, made.meta, made.picture)


def _title(name: str) -> str:
    """`4x_NMKD-Superscale.pth` -> `4x NMKD-Superscale`."""
    return name.rpartition("/")[2].rpartition(".")[0].replace("_", " ") or name
