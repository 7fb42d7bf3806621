"""Everything that crosses between a child and its parent arrives as it was."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend.engines.local.torch_host import child, ipc_codec
from backend.engines.local.torch_host.child import report_errors
from backend.engines.local.torch_host.process import EngineProcess
from backend.engines.ports.events import Alive, Checkpoint, Event, Handle, Log, Metric, Output, Preview, Progress, Sample
from backend.engines.ports.image import ImageRequest, LoraUse, ModelCard
from backend.errors import DiskFull, EngineError, OutOfMemory, Unsupported
from backend.settings import ROOT, Settings


@pytest.mark.parametrize(
    "event",
    [
        Alive(),
        Handle({"id": 1}),
        Progress(1, 2, "drawing"),
        Preview(b"\xff\xd8\0", 3),
        Output(Path("/a/0.png"), 0, {"seed": 2**63}),
        Metric(1, 0.1, 1e-3),
        Sample(1, 0, "ä", Path("/a")),
        Checkpoint(1, Path("/a"), None),
        Checkpoint(2, Path("/a"), Path("/b"), True),
        Log("…"),
    ],
)
def test_events(event: Event) -> None:
    assert ipc_codec.unpack(json.loads(json.dumps(ipc_codec.pack(event)))) == event


def test_requests_and_cards() -> None:
    lora = LoraUse("a", Path("/l"), 0.5)
    request = ImageRequest(
        model="m",
        prompt="p",
        negative_prompt="",
        width=1,
        height=2,
        steps=3,
        cfg=4.5,
        sampler="ddim",
        seeds=(1, 2**63),
        workdir=Path("/w"),
        loras=(lora,),
        init_image=Path("/i"),
        strength=0.2,
    )
    assert ipc_codec.load(ImageRequest, json.loads(json.dumps(ipc_codec.dump(request)))) == request
    card = ModelCard("a", "A", "sd15", 512, 64, ("ddim",), "ddim", 25, 7.0, True)
    assert ipc_codec.load(ModelCard, json.loads(json.dumps(ipc_codec.dump(card)))) == card


def test_errors() -> None:
    refused = ipc_codec.unpack_error(ipc_codec.pack_error(Unsupported("No.")))
    assert type(refused) is Unsupported
    assert refused.message == "No."
    assert type(ipc_codec.unpack_error({"error": "something new", "message": {"text": "?"}})) is EngineError
    assert type(ipc_codec.unpack_error(ipc_codec.pack_error(OutOfMemory("Full.")))) is OutOfMemory


def test_a_full_disk_is_no_fault_of_the_engine() -> None:
    messages: list[dict[str, Any]] = []

    class Pipe:
        send = staticmethod(messages.append)

    def save() -> None:
        try:
            Path("/dev/full").write_text("a picture")
        except OSError as error:
            raise ValueError("could not be saved") from error

    assert not report_errors(Pipe(), save)  # type: ignore[arg-type]
    assert type(ipc_codec.unpack_error(messages[0])) is DiskFull


def test_what_a_library_prints_on_a_full_disk_disturbs_nothing() -> None:
    code = """
import sys
from backend.engines.local.torch_host.child import ParentPipe
pipe = ParentPipe()
print("Loading weights: 100%", file=sys.stderr, flush=True)
print("said by a library", flush=True)
pipe.send({"done": True})
"""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=full, check=True)
    assert json.loads(done.stdout) == {"done": True}


def test_a_child_that_breaks_at_its_work_is_a_fault_and_counted(settings: Settings) -> None:
    """Were it “not available”, the job would be tried again for ever."""
    messages: list[dict[str, Any]] = []

    class Ear:
        send = staticmethod(messages.append)

    assert not report_errors(Ear(), lambda: [][1])  # type: ignore[arg-type]
    assert type(ipc_codec.unpack_error(messages[0])) is EngineError
    assert "IndexError" in messages[0]["message"]["text"]
    ended = EngineProcess("backend.engines.no_such_engine", {}, settings)
    list(ended.messages())
    failure = ended.failure()
    assert (type(failure), failure.data["exit_code"]) == (EngineError, 1)


@pytest.mark.parametrize("limited", [True, False])
@pytest.mark.parametrize(
    "message", ["error return without exception set", "<function load> returned NULL without setting an exception"]
)
def test_a_failure_without_a_reason_is_lack_of_memory_where_memory_is_limited(
    message: str, limited: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 700 << 20 if limited else resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, limit))
    assert child._is_out_of_memory(SystemError(message)) is limited
    assert not child._is_out_of_memory(SystemError("bad argument to internal function"))
