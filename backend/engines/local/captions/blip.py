"""Captions by a local BLIP model, in one warm child process: torch is never imported here."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from backend.engines.local.torch_host.process import WarmChild, missing_libraries
from backend.engines.ports.caption import AskModel, CaptionerName, CaptionForm, CaptionRequest, PictureCaption
from backend.engines.ports.events import Alive, EngineStatus, Progress
from backend.engines.ports.text import TextRequest
from backend.errors import EngineUnavailable, Unsupported
from backend.language import joined, tr_lazy
from backend.settings import Settings

CHILD = "backend.engines.local.captions.child_blip"
_SETUP_HINT = tr_lazy("Set BLIP_DIR to the folder of a BLIP caption model in transformers format.")
_UNREADABLE = tr_lazy("The file cannot be read as a picture.")


class BlipCaptioner:
    """One sentence per picture. BLIP can neither write tags nor leave out what `avoid` names."""

    name: CaptionerName = "blip"
    forms: tuple[CaptionForm, ...] = ("sentence",)
    paid = False
    needs_pixels = True
    batch = 8
    at_once = 1

    def __init__(self, settings: Settings) -> None:
        self._folder = (settings.captions.blip_dir or Path()).expanduser().absolute()
        child_settings = {
            "folder": str(self._folder),
            "device": settings.captions.blip_device,
            "threads": settings.engines.local.threads,
            "idle_s": settings.engines.local.idle_s,
        }
        self._child, self._device = WarmChild(CHILD, child_settings, settings), settings.captions.blip_device

    def run(self, request: CaptionRequest, ask: AskModel) -> Generator[Alive | Progress | PictureCaption, None, None]:
        if problem := self._problem():
            raise Unsupported(problem)
        if missing := missing_libraries(("torch", "transformers")):
            raise EngineUnavailable(
                tr_lazy("Not installed: {missing}. Run `make run` again, which installs them.", missing=", ".join(missing))
            )
        paths = [str(picture.path) for picture in request.pictures]
        with closing(self._child.run({"pictures": paths})) as messages:
            for message in messages:
                match message:
                    case {"n": int(n), "text": str(words)}:
                        yield PictureCaption(n, words, model=self._folder.name)
                    case {"n": int(n), "refused": "unreadable"}:
                        yield PictureCaption(n, refused=_UNREADABLE, model=self._folder.name)
                    case _:
                        yield Alive()

    def question(self, request: CaptionRequest) -> TextRequest | None:
        return None

    def unload(self) -> None:
        self._child.unload()

    def status(self) -> EngineStatus:
        problem = self._problem()
        detail = problem or tr_lazy("Pictures are described by {model}, on this machine.", model=self._folder.name)
        return EngineStatus("captions", not problem, "" if problem else self._folder.name, detail, self._device)

    def _problem(self) -> str:
        if not self._folder.is_dir():
            return joined(tr_lazy("BLIP_DIR {folder} is not a folder.", folder=self._folder.name), _SETUP_HINT)
        if not (self._folder / "config.json").is_file() or not any(self._folder.glob("*.safetensors")):
            return joined(
                tr_lazy(
                    "BLIP_DIR {folder} holds no model (config.json and .safetensors are needed).", folder=self._folder.name
                ),
                _SETUP_HINT,
            )
        return ""
