"""Upscale models of a ComfyUI (ESRGAN and its kin): they draw detail. The built-in resampler stays on offer beside them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from backend.clients.comfyui import Away
from backend.engines.comfyui import driver, places
from backend.engines.comfyui import servers as words
from backend.engines.comfyui.driver import Task
from backend.engines.comfyui.servers import Servers
from backend.engines.events import EngineStatus, Event, Output
from backend.engines.image import preparing
from backend.engines.relay import relayed
from backend.engines.upscale.port import UpscaleCard, UpscaleRequest
from backend.engines.upscale.resampler import MODEL as RESAMPLED
from backend.engines.upscale.resampler import Resampler
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.settings import Settings
from backend.tools import comfy_needs, comfy_workflow
from backend.tools.ai_mark import deliver_png
from backend.tools.comfy_lint import Graph

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
        url = self._servers.url_of(request.device)
        name = self._name(url, request.model)
        if request.scale not in SCALES:
            raise Unsupported(f"{_title(name)} makes pictures {' or '.join(f'{n}×' for n in SCALES)} larger.")
        picture = request.workdir / "upload.png"
        width, height = yield from preparing.opened(request.picture, picture)
        width, height = width * request.scale, height * request.scale
        if width * height > self._settings.max_image_pixels:
            most = f"{self._settings.max_image_pixels / 1e6:.0f} million pixels"
            raise Rejected(f"{width:,} × {height:,} px is more than {most}. Choose a smaller factor.")
        workflow = comfy_workflow.load("upscale")
        graph = workflow.bind({"picture": picture.name, "upscaler": name, "width": width, "height": height})
        [slot] = workflow.slots["picture"]
        task = Task(graph, workflow.results, 1, {(slot.node, slot.input): picture}, {}, lambda at: self._missing(at, graph))
        events = driver.run(self._servers, [task], device=request.device, workdir=request.workdir, handle=handle)
        yield from relayed(events, lambda event: _bared(event, request.workdir / "larger.png"))

    def models(self) -> list[UpscaleCard]:
        """Those that every server has come from its list; a server that is away offers what it had."""
        none: list[str] = []
        lists = self._servers.everywhere(lambda url: self._servers.models(url, FOLDER), none)
        names = {name for some in lists.values() for name in some}
        note = "An upscale model: draws fine detail of its own, so faces may change a little."
        return [*(UpscaleCard(name, _title(name), SCALES, True, note, "image") for name in sorted(names)), RESAMPLED]

    def status(self, device: str = "") -> EngineStatus:
        url = self._servers.url_of(device)
        said = self._servers.status(url, device)
        number = len(self.models()) - 1
        return EngineStatus(self.name, said.ok, said.version, f"{said.detail} Upscale models: {number}.", device)

    def close(self) -> None:
        self._servers.close()

    def _name(self, url: str, wished: str) -> str:
        """Raises Unsupported, EngineUnavailable."""
        try:
            offered = self._servers.models(url, FOLDER)
        except Away as gone:
            raise EngineUnavailable(words.away(url), detail=str(gone)) from gone
        name = wished or next(iter(sorted(offered)), "")
        if name not in offered:
            raise Unsupported(
                f"ComfyUI at {places.name(url)} has no upscale model {wished!r}: put the file into models/{FOLDER} there, "
                "or choose another way."
            )
        return name

    def _missing(self, url: str, graph: Graph) -> list[str]:
        return comfy_needs.missing(self._servers.info(url, _CLASSES), graph)


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
    yield Output(out, made.n, made.meta)


def _title(name: str) -> str:
    """`4x_NMKD-Superscale.pth` -> `4x NMKD-Superscale`."""
    return name.rpartition("/")[2].rpartition(".")[0].replace("_", " ") or name
