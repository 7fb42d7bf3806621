"""What is asked of a server, prompt by prompt, and how it is known again after a crash."""

from __future__ import annotations

import copy
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.engines.comfyui.results import Found

SUBFOLDER = "studio"
PREVIEWS = {"preview_method": "latent2rgb"}


@dataclass(frozen=True, slots=True)
class Task:
    """One prompt, one file. `graph`: bound, in API format; `results`: ids of the nodes whose file is wanted.

    `uploads`: (node id, input) -> a local file that is sent to the server first. `steps`: sampler steps, for progress.
    `meta`: goes into the Output. `missing`: url -> sentences naming what the server lacks, asked when it refuses the graph.
    """

    graph: Mapping[str, Any]
    results: tuple[str, ...]
    steps: int
    uploads: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    missing: Callable[[str], list[str]] | None = None


@dataclass(slots=True)
class Part:
    """A task on its way. `adopted`: its id is of an earlier attempt. `ended`: the server says so. `done`: its file is here.

    `early`: a file of it that is here before the history says so.
    """

    task: Task
    n: int
    fingerprint: str
    prompt_id: str
    names: Mapping[tuple[str, str], str]
    adopted: bool = False
    sent: bool = False
    running: bool = False
    ended: bool = False
    done: bool = False
    lost: int = 0
    early: Found | None = None
    steps: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def extra(self) -> dict[str, Any]:
        return dict(PREVIEWS)

    def graph(self, upload: Callable[..., str]) -> dict[str, Any]:
        """The graph to send: inputs uploaded, results under a name of this prompt alone.

        A name that repeats would give back the file of the time before, from the server's cache.
        """
        graph: dict[str, Any] = {key: copy.deepcopy(dict(node)) for key, node in self.task.graph.items()}
        for (node, name), path in self.task.uploads.items():
            graph[node]["inputs"][name] = upload(path, name=Path(self.names[node, name]).name, subfolder=SUBFOLDER)
        for node in graph.values():
            if "filename_prefix" in node["inputs"]:
                node["inputs"]["filename_prefix"] = f"{SUBFOLDER}/{self.prompt_id}"
        return graph

    def again(self) -> None:
        """Known lost: to be sent under a new id."""
        self.prompt_id, self.lost = str(uuid.uuid4()), self.lost + 1
        self.adopted = self.sent = self.running = self.ended = False
        self.early = None
        self.steps.clear()


def parts_of(tasks: Sequence[Task], handle: Mapping[str, Any]) -> list[Part]:
    """Each with the id it had in `handle`, or a new one. Two alike take two of the ids."""
    known: dict[str, list[str]] = {}
    for fingerprint, prompt_id in handle.get("prompts", []):
        known.setdefault(str(fingerprint), []).append(str(prompt_id))
    shas: dict[Path, str] = {}
    parts = []
    for n, task in enumerate(tasks):
        names = {slot: _name(path, shas) for slot, path in task.uploads.items()}
        mark = _fingerprint(task.graph, names)
        ids = known.get(mark, [])
        prompt_id = ids.pop(0) if ids else ""
        parts.append(Part(task, n, mark, prompt_id or str(uuid.uuid4()), names, adopted=bool(prompt_id)))
    return parts


def _name(path: Path, shas: dict[Path, str]) -> str:
    """Named by content: the same picture is sent to the same place, and never over another."""
    if path not in shas:
        with path.open("rb") as file:
            shas[path] = hashlib.file_digest(file, "sha256").hexdigest()[:24]
    return f"{SUBFOLDER}/{shas[path]}{path.suffix.lower()}"


def _fingerprint(graph: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> str:
    """The same for the same picture in any attempt: without what is named after the attempt."""
    said = {
        key: {
            "class": node["class_type"],
            "inputs": {
                name: names.get((key, name), value) for name, value in node["inputs"].items() if name != "filename_prefix"
            },
        }
        for key, node in graph.items()
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
