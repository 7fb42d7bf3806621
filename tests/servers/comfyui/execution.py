"""The prompt thread: runs one graph after another, with messages, cache, and the errors that end it for good (comfyui.md,
6)."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import traceback
from typing import Any

from tests.servers.comfyui import nodes
from tests.servers.comfyui.catalogue import Catalogue
from tests.servers.comfyui.faults import Faults
from tests.servers.comfyui.folders import Folders
from tests.servers.comfyui.line import Item, PromptQueue
from tests.servers.comfyui.sockets import Sockets


class Worker(threading.Thread):
    """`ran`: prompt ids that were executed, in order. `loads`: checkpoints loaded. `finished`: id -> when it was done."""

    def __init__(
        self, line: PromptQueue, sockets: Sockets, catalogue: Catalogue, folders: Folders, faults: Faults, *, old: bool
    ) -> None:
        super().__init__(name="comfyui-prompts", daemon=True)
        self._line, self._sockets, self._catalogue = line, sockets, catalogue
        self._folders, self._faults, self._old = folders, faults, old
        self._cache: dict[str, tuple[tuple[Any, ...], dict[str, Any] | None]] = {}
        self._warm = ""
        self._interrupted = threading.Event()
        self.ran: list[str] = []
        self.loads: list[str] = []
        self.freed = 0
        self.finished: dict[str, float] = {}

    def interrupt(self) -> None:
        self._interrupted.set()

    def run(self) -> None:
        try:
            while not self._line.closed:
                if item := self._line.get():
                    self._one(*item)
                self._flags()
        except KeyError:
            traceback.print_exc()  # HTTP goes on, the job stays in queue_running for ever

    def _flags(self) -> None:
        """POST /free is applied here, after the running prompt; it drops the node cache too (comfyui.md, 7)."""
        if self._line.take_flags():
            self.freed += 1
            self._cache.clear()
            self._warm = ""

    def _one(self, number: int, item: Item) -> None:
        _, prompt_id, prompt, extra, ends = item
        self._interrupted.clear()  # an idle interrupt does not poison the next prompt
        self.ran.append(prompt_id)
        act = _PromptMessages(self._sockets, extra.get("client_id"), prompt_id)
        act.tell("execution_start", {})
        if self._faults.dead:
            raise KeyError("inputs")
        for node in prompt.values():
            node["inputs"]  # an unreachable node without inputs passed the check
        try:
            outputs = self._graph(act, prompt, extra, ends)
            act.tell("execution_success", {})
            status, lag = {"status_str": "success", "completed": True}, self._faults.history_lag_s
        except nodes.Interrupted:
            act.tell("execution_interrupted", {**act.where, "executed": act.executed}, broadcast=True)
            outputs, lag = {}, self._faults.interrupt_lag_s
            status = {"status_str": "error", "completed": False}
        except Exception as error:
            act.tell("execution_error", {**act.where, "executed": act.executed, **_error_details(error, act.inputs)})
            outputs, lag = {}, self._faults.history_lag_s
            status = {"status_str": "error", "completed": False}
        time.sleep(lag)
        self.finished[prompt_id] = time.time()
        self._line.finish(number, {**status, "messages": act.messages}, outputs)
        self._sockets.last_node = None
        if act.client_id is not None:
            self._sockets.send("executing", {"node": None, "prompt_id": prompt_id}, act.client_id)

    def _graph(self, act: _PromptMessages, prompt: dict[str, Any], extra: dict[str, Any], ends: list[str]) -> dict[str, Any]:
        order = _order(prompt, ends)
        keys: dict[str, str] = {}
        for node_id in order:
            keys[node_id] = self._key(prompt[node_id], keys)
        cached = [node_id for node_id in order if keys[node_id] in self._cache]
        act.tell("execution_cached", {"nodes": cached})
        method = extra.get("preview_method") if not self._old else None
        previews = (method or self._faults.previews) not in {"", "none", None}
        steps = sum(int(prompt[node]["inputs"].get("steps", 0)) for node in order if node not in cached)
        outputs: dict[str, Any] = {}
        values: dict[str, tuple[Any, ...]] = {}
        for node_id in order:
            name, key = prompt[node_id]["class_type"], keys[node_id]
            act.enter(node_id, name)
            if node_id not in cached:
                scene = nodes.NodeContext(
                    self._folders,
                    self._faults,
                    prompt,
                    extra.get("extra_pnginfo", {}),
                    key,
                    steps,
                    act.step,
                    self._check,
                    self._load,
                    previews,
                )
                self._check()
                act.running()
                act.inputs = prompt[node_id]["inputs"]
                inputs = {
                    name: values[value[0]][value[1]] if _is_link(value, prompt) else value
                    for name, value in prompt[node_id]["inputs"].items()
                }
                self._cache[key] = nodes.run(scene, name, inputs)
            values[node_id], preview = self._cache[key]
            if preview is not None:
                outputs[node_id] = preview
                act.tell_only("executed", {"node": node_id, "display_node": node_id, "output": preview})
            act.done(node_id, cached=node_id in cached)
        self._forget(set(keys.values()))
        return outputs

    def _forget(self, used: set[str]) -> None:
        """0.3.64 keeps what the last prompt used; 0.33 keeps more."""
        if self._old or len(self._cache) > 500:
            self._cache = {key: value for key, value in self._cache.items() if key in used}

    def _key(self, node: dict[str, Any], keys: dict[str, str]) -> str:
        """Cache key of a node and its ancestors; picture loaders include the file's content, model loaders only its name."""
        signature: dict[str, Any] = {"class": node["class_type"]}
        for name, value in sorted(node["inputs"].items()):
            signature[name] = [keys[value[0]], value[1]] if isinstance(value, list) and len(value) == 2 else value
        if node["class_type"] in {"LoadImage", "LoadImageMask"}:
            path = self._folders.root / "input" / str(node["inputs"]["image"])
            signature["file"] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        return hashlib.sha256(json.dumps(signature, sort_keys=True).encode()).hexdigest()

    def _check(self) -> None:
        if self._interrupted.is_set() or self._line.closed:
            raise nodes.Interrupted

    def _load(self, name: str) -> None:
        if name != self._warm:
            self.loads.append(name)
            time.sleep(self._faults.load_s)
        self._warm = name


class _PromptMessages:
    """One execution's messages: kept for the history, sent to the client that asked (comfyui.md, 5)."""

    def __init__(self, sockets: Sockets, client_id: str | None, prompt_id: str) -> None:
        self._sockets, self.client_id, self._prompt_id = sockets, client_id, prompt_id
        self.messages: list[list[Any]] = []
        self.executed: list[str] = []
        self.where: dict[str, Any] = {"node_id": None, "node_type": None}
        self.inputs: dict[str, Any] = {}
        self._states: dict[str, Any] = {}
        sockets.client_id = client_id

    def tell(self, event: str, data: dict[str, Any], *, broadcast: bool = False) -> None:
        """Without a client only `broadcast` ones are sent, to everybody."""
        whole = {"prompt_id": self._prompt_id, **data, "timestamp": int(time.time() * 1000)}
        self.messages.append([event, whole])
        if self.client_id is not None or broadcast:
            self._sockets.send(event, whole, self.client_id)

    def tell_only(self, event: str, data: dict[str, Any]) -> None:
        if self.client_id is not None:
            self._sockets.send(event, {**data, "prompt_id": self._prompt_id}, self.client_id)

    def enter(self, node_id: str, name: str) -> None:
        self.where = {"node_id": node_id, "node_type": name}

    def running(self) -> None:
        node_id = self.where["node_id"]
        self._sockets.last_node = node_id
        self._state(node_id, 0, 1, "running")
        self.tell_only("executing", {"node": node_id, "display_node": node_id})

    def step(self, value: int, maximum: int, jpeg: bytes | None) -> None:
        node_id = self.where["node_id"]
        self._state(node_id, value, maximum, "running")
        self.tell_only("progress", {"value": value, "max": maximum, "node": node_id})
        if jpeg and self.client_id is not None:
            metadata = {"node_id": node_id, "display_node_id": node_id, "real_node_id": node_id, "prompt_id": self._prompt_id}
            self._sockets.send_preview(jpeg, metadata, self.client_id)

    def done(self, node_id: str, *, cached: bool) -> None:
        if not cached:
            self.executed.append(node_id)
            value = self._states[node_id]["max"]
            self._state(node_id, value, value, "finished")

    def _state(self, node_id: str, value: int, maximum: int, state: str) -> None:
        """Cumulative; broadcast to everyone when the prompt has no client."""
        named = dict.fromkeys(("node_id", "display_node_id", "real_node_id"), node_id)
        node_state = {
            "value": value,
            "max": maximum,
            "state": state,
            **named,
            "prompt_id": self._prompt_id,
            "parent_node_id": None,
        }
        self._states[node_id] = node_state
        self._sockets.send("progress_state", {"prompt_id": self._prompt_id, "nodes": dict(self._states)}, self.client_id)


def _error_details(error: Exception, inputs: dict[str, Any]) -> dict[str, Any]:
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    lines = traceback.format_tb(error.__traceback__)
    return {
        "exception_message": str(error),
        "exception_type": name,
        "traceback": lines,
        "current_inputs": {name: [value] for name, value in inputs.items() if isinstance(value, (str, int, float))},
        "current_outputs": [],
    }


def _is_link(value: Any, prompt: dict[str, Any]) -> bool:
    return isinstance(value, list) and len(value) == 2 and value[0] in prompt


def _order(prompt: dict[str, Any], ends: list[str]) -> list[str]:
    """Every node before those that need it."""
    order: list[str] = []

    def visit(node_id: str) -> None:
        if node_id in order:
            return
        for value in prompt[node_id]["inputs"].values():
            if _is_link(value, prompt):
                visit(value[0])
        order.append(node_id)

    for end in ends:
        visit(end)
    return order
