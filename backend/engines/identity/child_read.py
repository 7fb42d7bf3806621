"""Reads identities in a process of its own: `python -m backend.engines.identity.child_read SETTINGS`.

SETTINGS is JSON `{"embedder", "folder", "device", "threads", "idle_s"}`; no folder: the starter's trait classifier. Standard
input, one JSON object a line: `{"id", "request"}`. Standard output: packed events, then `{"id", "done"}` or `{"error"}`.
Ends after `idle_s` without work and when standard input closes.
"""

from __future__ import annotations

import io
import json
import queue
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from backend.engines.diffusion import wire
from backend.engines.diffusion.child import Line, guarded, leave, prepare
from backend.engines.events import Output, Progress
from backend.engines.identity.port import IdentityRequest, Reading
from backend.errors import Rejected

Reader = Callable[[Path, str], Reading]
"""A picture and what it should show ("" when nothing is asked)."""


def main() -> None:
    settings = json.loads(sys.argv[1])
    line = Line()
    prepare(settings["threads"])
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    guarded(line, lambda: _serve(line, inbox, settings))
    leave()


def _listen(inbox: queue.Queue[dict[str, Any] | None]) -> None:
    for raw in io.FileIO(0, closefd=False):
        inbox.put(json.loads(raw))
    inbox.put(None)


def _serve(line: Line, inbox: queue.Queue[dict[str, Any] | None], settings: dict[str, Any]) -> None:
    reader: Reader | None = None
    while True:
        try:
            message = inbox.get(timeout=settings["idle_s"])
        except queue.Empty:
            return
        if message is None:
            return
        if reader is None:
            line.tell(Progress(0, 0, "loading"))
            reader = _reader(settings)
        request = wire.load(IdentityRequest, message["request"])
        if not guarded(line, partial(_read, line, reader, request, message["id"])):
            return


def _read(line: Line, reader: Reader, request: IdentityRequest, number: int) -> None:
    for n, path in enumerate(request.pictures):
        line.tell(Progress(n, len(request.pictures), "looking"))
        try:
            reading = reader(path, request.words[n] if request.words else "")
        except (OSError, ValueError, SyntaxError) as broken:  # what Pillow raises for a file that is no picture
            raise Rejected(f"{path.name} cannot be read as a picture. Choose another.") from broken
        line.tell(Output(reading.save(request.workdir / f"{n}.json"), n))
    line.tell(Progress(len(request.pictures), len(request.pictures), "looking"))
    line.say({"id": number, "done": True})


def _reader(settings: dict[str, Any]) -> Reader:
    name: str = settings["embedder"]
    if settings["folder"]:
        from backend.engines.identity.vision import Vision

        vision = Vision(Path(settings["folder"]), settings["device"])

        def look(path: Path, words: str) -> Reading:
            vector = vision.vector(path)
            return Reading(name, vector=vector, agreement=vision.agreement(vector, words) if words else None)

        return look
    from backend.engines.identity.trait_net import TraitNet

    net = TraitNet()
    return lambda path, words: Reading(name, traits=net.traits(path))


if __name__ == "__main__":
    main()
