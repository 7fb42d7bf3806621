"""The image engine's host process: keeps one model in memory and draws one request after another.

`python -m backend.engines.local.diffusers.child_host SETTINGS` with JSON `{"device", "threads", "idle_s"}`. Standard input, one
JSON object a line: `{"id", "card", "folder", "request"}` draws, `{"cancel": id}` stops that one at its next step. Standard
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

from backend.engines.local.torch_host import ipc_codec
from backend.engines.local.torch_host.child import ParentPipe, exit_now, prepare_environment, report_errors
from backend.engines.ports.image import ImageRequest, ModelCard
from backend.language import tr_lazy


def main() -> None:
    settings = json.loads(sys.argv[1])
    pipe = ParentPipe()
    prepare_environment(settings["threads"])
    requests = RequestQueue()
    threading.Thread(target=requests.read_input, daemon=True).start()
    report_errors(pipe, lambda: _serve(pipe, requests, settings))
    exit_now()


class RequestQueue:
    """Incoming requests in order, and which of them were cancelled."""

    def __init__(self) -> None:
        self.inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._cancelled: set[int] = set()
        self._closed = False

    def read_input(self) -> None:
        # Unbuffered: a thread blocked in a buffered read would hold its lock and hang the interpreter's exit.
        for raw in io.FileIO(0, closefd=False):
            message = json.loads(raw)
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self.inbox.put(message)
        self._closed = True
        self.inbox.put(None)

    def is_cancelled(self, number: int) -> bool:
        return self._closed or number in self._cancelled


def _serve(pipe: ParentPipe, requests: RequestQueue, settings: dict[str, Any]) -> None:
    from backend.engines.local.diffusers import model_folder

    device = model_folder.select_device(settings["device"])
    host = ImageHost(device)
    pipe.send({"ready": str(device), "name": host.device_name()})
    while True:
        try:
            message = requests.inbox.get(timeout=settings["idle_s"])
        except queue.Empty:
            return
        if message is None:
            return
        pipe.send({"id": message["id"], "accepted": True})
        if not report_errors(pipe, lambda message=message: host.draw(pipe, requests, message)):  # type: ignore[misc]
            return


class ImageHost:
    """The device with at most one loaded model and the LoRAs merged into it."""

    def __init__(self, device: Any) -> None:
        self._device = device
        self._loaded: tuple[Any, Any, Any] | None = None

    def draw(self, pipe: ParentPipe, requests: RequestQueue, message: dict[str, Any]) -> None:
        from backend.engines.local.diffusers.draw import DrawCancelled, draw, is_too_long
        from backend.engines.ports.events import Log, Progress

        request, card = ipc_codec.load(ImageRequest, message["request"]), ipc_codec.load(ModelCard, message["card"])
        pipe.send_event(Progress(0, 0, tr_lazy("loading")))
        model, merger = self._model(card, Path(message["folder"]))
        merger.apply([(lora.name, lora.path, lora.weight) for lora in request.loras])
        if any(is_too_long(model, prompt) for prompt in request.prompts or (request.prompt,)):
            pipe.send_event(Log(tr_lazy("The prompt is longer than this model reads: its end is ignored.")))
        try:
            draw(model, request, pipe.send_event, lambda: requests.is_cancelled(message["id"]))
        except DrawCancelled:
            pipe.send({"id": message["id"], "done": "stopped"})
        else:
            pipe.send({"id": message["id"], "done": "ok"})

    def device_name(self) -> str:
        import torch

        kind = str(self._device.type)
        return str(torch.cuda.get_device_name(self._device)) if kind == "cuda" else kind.upper()

    def _model(self, card: ModelCard, folder_path: Path) -> tuple[Any, Any]:
        import torch

        from backend.engines.local.diffusers import model_folder
        from backend.engines.local.diffusers.lora import LoraMerger

        key = (folder_path, (folder_path / "model_index.json").stat().st_mtime_ns)
        if self._loaded is None or self._loaded[0] != key:
            self._loaded = None
            dtype = torch.float16 if self._device.type == "cuda" else torch.float32
            model = model_folder.load_model(card, folder_path, self._device, dtype)
            self._loaded = (key, model, LoraMerger(model))
        return self._loaded[1], self._loaded[2]


if __name__ == "__main__":
    main()
