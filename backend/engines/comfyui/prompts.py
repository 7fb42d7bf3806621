"""The prompts of one run, and how they are recognised again after a crash."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from backend.engines.comfyui.client_models import SocketMessage
from backend.engines.comfyui.results import FetchedResult
from backend.engines.ports.events import Event, Preview, Progress
from backend.language import tr_lazy

SUBFOLDER = "studio"
PREVIEW_OPTIONS = {"preview_method": "latent2rgb"}


@dataclass(frozen=True, slots=True)
class Task:
    """One prompt that gives one file. `graph`: bound, in API format; `results`: ids of the nodes whose file is the result.

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
class TrackedPrompt:
    """A task and its progress. `reattached`: its prompt id comes from an earlier attempt. `ended`: the server has finished it.

    `done`: its file was fetched. `early_result`: a file fetched before the history has its entry. `lost_count`: how often the
    server lost it.
    """

    task: Task
    n: int
    fingerprint: str
    prompt_id: str
    names: Mapping[tuple[str, str], str]
    reattached: bool = False
    sent: bool = False
    running: bool = False
    ended: bool = False
    done: bool = False
    lost_count: int = 0
    early_result: FetchedResult | None = None
    steps: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def extra(self) -> dict[str, Any]:
        return dict(PREVIEW_OPTIONS)

    def graph(self, upload: Callable[..., str]) -> dict[str, Any]:
        """The graph to send: inputs uploaded, results under a name of this prompt alone.

        The server caches by name: a repeated prefix would return the earlier file.
        """
        graph: dict[str, Any] = {key: copy.deepcopy(dict(node)) for key, node in self.task.graph.items()}
        for (node, name), path in self.task.uploads.items():
            graph[node]["inputs"][name] = upload(path, name=Path(self.names[node, name]).name, subfolder=SUBFOLDER)
        for node in graph.values():
            if "filename_prefix" in node["inputs"]:
                node["inputs"]["filename_prefix"] = f"{SUBFOLDER}/{self.prompt_id}"
        return graph

    def renew(self) -> None:
        """Resets a lost prompt: it is sent again under a new id."""
        self.prompt_id, self.lost_count = str(uuid.uuid4()), self.lost_count + 1
        self.reattached = self.sent = self.running = self.ended = False
        self.early_result = None
        self.steps.clear()


def track(tasks: Sequence[Task], handle: Mapping[str, Any]) -> list[TrackedPrompt]:
    """The tasks with their prompt ids from `handle`, or new ones. Two equal tasks take two of the ids."""
    ids_by_fingerprint: dict[str, list[str]] = {}
    for fingerprint, prompt_id in handle.get("prompts", []):
        ids_by_fingerprint.setdefault(str(fingerprint), []).append(str(prompt_id))
    shas: dict[Path, str] = {}
    parts = []
    for n, task in enumerate(tasks):
        names = {slot: _upload_name(path, shas) for slot, path in task.uploads.items()}
        task_fingerprint = _fingerprint(task.graph, names)
        ids = ids_by_fingerprint.get(task_fingerprint, [])
        prompt_id = ids.pop(0) if ids else ""
        parts.append(
            TrackedPrompt(task, n, task_fingerprint, prompt_id or str(uuid.uuid4()), names, reattached=bool(prompt_id))
        )
    return parts


def _upload_name(path: Path, shas: dict[Path, str]) -> str:
    """A name from the file's content: the same picture is uploaded to the same name, and never over another."""
    if path not in shas:
        with path.open("rb") as file:
            shas[path] = hashlib.file_digest(file, "sha256").hexdigest()[:24]
    return f"{SUBFOLDER}/{shas[path]}{path.suffix.lower()}"


def _fingerprint(graph: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> str:
    """A hash that is equal for the same task in any attempt: file names that differ per attempt are left out."""
    content = {
        key: {
            "class": node["class_type"],
            "inputs": {
                name: names.get((key, name), value) for name, value in node["inputs"].items() if name != "filename_prefix"
            },
        }
        for key, node in graph.items()
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


PREVIEW_INTERVAL_S = 1.0
PREVIEW_SIDE = 256


class ProgressView:
    """Steps never go back; previews come at most once a second."""

    def __init__(self, parts: Sequence[TrackedPrompt]) -> None:
        self._parts = parts
        self._total = sum(part.task.steps for part in parts)
        self._done = 0
        self._shown_at = 0.0
        self._last: Progress | None = None

    def on_message(self, part: TrackedPrompt, message: SocketMessage) -> Generator[Event, None, None]:
        """Events for a socket message about `part`."""
        if message.kind == "progress":
            part.steps[str(message.data.get("node"))] = (int(message.data.get("value") or 0), int(message.data.get("max") or 0))
            yield from self.on_progress()
        elif message.kind == "preview":
            yield from self._preview(part, message.picture)
        else:
            yield from self.on_started()

    def on_started(self) -> Generator[Event, None, None]:
        yield from self._before_first_step(tr_lazy("loading"))

    def on_waiting(self, ahead: int) -> Generator[Event, None, None]:
        yield from self._before_first_step(
            tr_lazy("waiting for ComfyUI ({n} before it)", n=ahead) if ahead else tr_lazy("waiting for ComfyUI")
        )

    def on_progress(self) -> Generator[Event, None, None]:
        """The steps done so far, of all prompts together."""
        self._done = max(self._done, sum(_steps(part) for part in self._parts))
        yield from self._emit(Progress(self._done, self._total, tr_lazy("drawing")))

    def _before_first_step(self, phase: str) -> Generator[Event, None, None]:
        """Shows `phase` until the first step is done."""
        if self._last is None or not self._last.total:
            yield from self._emit(Progress(0, 0, phase))

    def _emit(self, progress: Progress) -> Generator[Event, None, None]:
        """Yields `progress` unless it was the last one yielded."""
        if progress != self._last:
            self._last = progress
            yield progress

    def _preview(self, part: TrackedPrompt, encoded: bytes) -> Generator[Event, None, None]:
        if time.monotonic() - self._shown_at < PREVIEW_INTERVAL_S:
            return
        try:
            with Image.open(io.BytesIO(encoded)) as picture:
                small = picture.convert("RGB")
                small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        except (OSError, ValueError):
            return  # a broken preview frame: there will be others
        self._shown_at = time.monotonic()
        jpeg = io.BytesIO()
        small.save(jpeg, "JPEG", quality=80)
        yield Preview(jpeg.getvalue(), part.n)


def _steps(part: TrackedPrompt) -> int:
    """Steps done of `part`: those of its samplers; in a graph without one, the share of the node that last reported
    progress."""
    total = part.task.steps
    if part.done:
        return total
    samplers = {key for key, node in part.task.graph.items() if "steps" in node["inputs"]}
    if samplers:
        return min(total, sum(value for key, (value, _) in part.steps.items() if key in samplers))
    value, maximum = next(reversed(part.steps.values()), (0, 0))
    return min(total, total * value // maximum) if maximum else 0
