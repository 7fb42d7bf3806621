"""Reads identities in a process of its own: `python -m backend.engines.identity.child_read SETTINGS`.

SETTINGS is JSON `{"embedder", "folder", "device", "threads", "idle_s"}`; no folder: the starter's trait classifier. Standard
input, one JSON object a line: `{"id", "request"}`. Standard output: packed events, then `{"id", "done"}` or `{"error"}`.
Ends after `idle_s` without work and when standard input closes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.engines.diffusion import ipc_codec
from backend.engines.diffusion.child import Line, stay_warm
from backend.engines.events import Output, Progress
from backend.engines.identity.port import IdentityRequest, Reading
from backend.errors import Rejected

Reader = Callable[[Path, str], Reading]
"""A picture and what it should show ("" when nothing is asked)."""


def main() -> None:
    stay_warm(_reader, _read)


def _read(line: Line, reader: Reader, message: dict[str, Any]) -> None:
    request = ipc_codec.load(IdentityRequest, message["request"])
    for n, path in enumerate(request.pictures):
        line.tell(Progress(n, len(request.pictures), "looking"))
        try:
            reading = reader(path, request.words[n] if request.words else "")
        except (OSError, ValueError, SyntaxError) as broken:  # what Pillow raises for a file that is no picture
            raise Rejected(f"{path.name} cannot be read as a picture. Choose another.") from broken
        line.tell(Output(reading.save(request.workdir / f"{n}.json"), n))
    line.tell(Progress(len(request.pictures), len(request.pictures), "looking"))
    line.say({"id": message["id"], "done": True})


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
