"""The image engine's host process: keeps one model warm and draws one request after another.

`python -m backend.engines.image.child_host SETTINGS` with JSON `{"device", "threads", "idle_s"}`. Standard input, one JSON
object a line: `{"id", "card", "folder", "request"}` draws, `{"cancel": id}` stops that one at its next step. Standard
output: `{"id", "accepted"}`, packed events, then `{"id", "done": "ok" | "stopped"}` or `{"error"}`. Ends after `idle_s`
without work and when standard input closes.
"""

from __future__ import annotations

import io
import json
import queue
import sys
import threading
from pathlib import Path
from typing import Any

from backend.engines.diffusion import ipc_codec
from backend.engines.diffusion.child import Line, guarded, leave, prepare
from backend.engines.image.port import ImageRequest, ModelCard


def main() -> None:
    settings = json.loads(sys.argv[1])
    line = Line()
    prepare(settings["threads"])
    desk = Desk()
    threading.Thread(target=desk.listen, daemon=True).start()
    guarded(line, lambda: _serve(line, desk, settings))
    leave()


class Desk:
    """Requests in the order they came, and whether the one being drawn is still wanted."""

    def __init__(self) -> None:
        self.inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._cancelled: set[int] = set()
        self._closed = False

    def listen(self) -> None:
        # Unbuffered: a thread waiting in a buffered read cannot be left behind at exit.
        for raw in io.FileIO(0, closefd=False):
            message = json.loads(raw)
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self.inbox.put(message)
        self._closed = True
        self.inbox.put(None)

    def unwanted(self, number: int) -> bool:
        return self._closed or number in self._cancelled


def _serve(line: Line, desk: Desk, settings: dict[str, Any]) -> None:
    from backend.engines.diffusion import folder

    device = folder.device_for(settings["device"])
    studio = Studio(device)
    line.say({"ready": str(device), "name": studio.device_name()})
    while True:
        try:
            message = desk.inbox.get(timeout=settings["idle_s"])
        except queue.Empty:
            return
        if message is None:
            return
        line.say({"id": message["id"], "accepted": True})
        if not guarded(line, lambda message=message: studio.draw(line, desk, message)):  # type: ignore[misc]
            return


class Studio:
    """The device with at most one loaded model and the LoRAs merged into it."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self._warm: tuple[Any, Any, Any] | None = None

    def draw(self, line: Line, desk: Desk, message: dict[str, Any]) -> None:
        from backend.engines.diffusion.draw import Stopped, draw, too_long
        from backend.engines.events import Log, Progress

        request, card = ipc_codec.load(ImageRequest, message["request"]), ipc_codec.load(ModelCard, message["card"])
        line.tell(Progress(0, 0, "loading"))
        model, merger = self._model(card, Path(message["folder"]))
        merger.apply([(lora.name, lora.path, lora.weight) for lora in request.loras])
        if any(too_long(model, prompt) for prompt in request.prompts or (request.prompt,)):
            line.tell(Log("The prompt is longer than this model reads: its end is ignored."))
        try:
            draw(model, request, line.tell, lambda: desk.unwanted(message["id"]))
        except Stopped:
            line.say({"id": message["id"], "done": "stopped"})
        else:
            line.say({"id": message["id"], "done": "ok"})

    def device_name(self) -> str:
        import torch

        kind = str(self._device.type)
        return str(torch.cuda.get_device_name(self._device)) if kind == "cuda" else kind.upper()

    def _model(self, card: ModelCard, folder_path: Path) -> tuple[Any, Any]:
        import torch

        from backend.engines.diffusion import folder
        from backend.engines.diffusion.lora import Merger

        stamp = (folder_path, (folder_path / "model_index.json").stat().st_mtime_ns)
        if self._warm is None or self._warm[0] != stamp:
            self._warm = None
            dtype = torch.float16 if self._device.type == "cuda" else torch.float32
            model = folder.load(card, folder_path, self._device, dtype)
            self._warm = (stamp, model, Merger(model))
        return self._warm[1], self._warm[2]


if __name__ == "__main__":
    main()
