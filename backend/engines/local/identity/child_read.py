"""Reads identities in a process of its own: `python -m backend.engines.local.identity.child_read SETTINGS`.

SETTINGS is JSON `{"embedder", "folder", "device", "threads", "idle_s"}`; no folder: the starter's trait classifier. Standard
input, one JSON object a line: `{"id", "request"}`. Standard output: packed events, then `{"id", "done"}` or `{"error"}`.
Ends after `idle_s` without work and when standard input closes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.engines.local.torch_host import ipc_codec
from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.engines.ports.events import Output, Progress
from backend.engines.ports.identity import IdentityRequest, Reading
from backend.errors import Rejected
from backend.language import tr_lazy

Reader = Callable[[Path, str], Reading]
"""Takes a picture file and the prompt it should show ("" for none)."""


def main() -> None:
    serve_warm(_load_reader, _read)


def _read(pipe: ParentPipe, reader: Reader, message: dict[str, Any]) -> None:
    request = ipc_codec.load(IdentityRequest, message["request"])
    for n, path in enumerate(request.pictures):
        pipe.send_event(Progress(n, len(request.pictures), tr_lazy("looking")))
        try:
            reading = reader(path, request.words[n] if request.words else "")
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for a file that is no picture
            raise Rejected(tr_lazy("{name} cannot be read as a picture. Choose another.", name=path.name)) from error
        pipe.send_event(Output(reading.save(request.workdir / f"{n}.json"), n))
    pipe.send_event(Progress(len(request.pictures), len(request.pictures), tr_lazy("looking")))
    pipe.send({"id": message["id"], "done": True})


def _load_reader(settings: dict[str, Any]) -> Reader:
    name: str = settings["embedder"]
    if settings["folder"]:
        from backend.engines.local.identity.vision_model import VisionModel

        vision = VisionModel(Path(settings["folder"]), settings["device"])

        def read(path: Path, prompt: str) -> Reading:
            vector = vision.vector(path)
            return Reading(name, vector=vector, agreement=vision.agreement(vector, prompt) if prompt else None)

        return read
    from backend.engines.local.identity.trait_net import NumpyTraitNet

    net = NumpyTraitNet()
    return lambda path, prompt: Reading(name, traits=net.traits(path))


if __name__ == "__main__":
    main()
