"""Every fault that was met on live servers: what is drawn is drawn once, what cannot be says what to do."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest

from backend.engines.comfyui.image_engine import ComfyImageEngine
from backend.engines.ports.events import Event, Handle, Log, Output
from backend.engines.ports.image import ImageRequest
from backend.errors import EngineError, EngineUnavailable, LeaseLost, OutOfMemory, Rejected, Unsupported
from tests.servers.comfyui import ComfyServer
from tests.servers.comfyui.server import NEW, OLD
from tests.support.wait import until

Ask = Callable[..., ImageRequest]


def made(events: list[Event]) -> list[int]:
    return [event.n for event in events if isinstance(event, Output)]


def upto(events: Generator[Event, None, None], condition: Callable[[], Any]) -> list[Event]:
    """Events until `wanted` is true."""
    events_seen = []
    for event in events:
        events_seen.append(event)
        if condition():
            return events_seen
    raise AssertionError("it ended before")


def test_a_history_that_comes_late_is_waited_for(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    """comfyui.md, 5: history right after execution_success was missing 46 of 200 times."""
    server.faults.history_lag_s = 0.4
    server.core.asked.clear()
    assert made(list(engine.run(ask()))) == [0, 1]
    assert len(server.ran) == 2
    calls = [call for call in server.core.asked if call == "GET /view" or call.startswith("GET /history/")]
    assert calls.count("GET /view") == 2, "each file is fetched once"
    first = calls.index("GET /view")
    assert any(call.startswith("GET /history/") for call in calls[first:]), "and counts once the history names it"


@pytest.mark.parametrize("fault", ["deaf", "no_socket"])
def test_without_its_socket_http_tells_everything(engine: ComfyImageEngine, server: ComfyServer, ask: Ask, fault: str) -> None:
    setattr(server.faults, fault, True)
    assert made(list(engine.run(ask()))) == [0, 1]
    assert len(server.ran) == 2


def test_a_server_that_is_away_is_told_before_anything_is_saved(
    engine: ComfyImageEngine, server: ComfyServer, ask: Ask
) -> None:
    engine.models()
    server.stop()
    events: list[Event] = []
    with pytest.raises(EngineUnavailable, match=r"does not answer. Start it, or correct COMFYUI_URL"):
        events.extend(engine.run(ask()))
    assert not [event for event in events if isinstance(event, Handle)]
    assert [card.name for card in engine.models()] == ["photo.safetensors"], "the last known ones stay"
    assert not engine.status().ok


def test_a_restart_in_the_middle_loses_nothing(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    """comfyui.md, 4: empty after restart, queue lost too."""
    server.faults.step_s = 0.05
    running = engine.run(ask(seeds=(1, 2, 3)))
    events_seen = upto(running, lambda: len(server.ran) == 2)
    before = server.ran
    server.restart()
    events_seen += list(running)
    assert made(events_seen) == [0, 1, 2]
    assert [event.line for event in events_seen if isinstance(event, Log) and "asked for again" in event.line]
    assert not set(before) & set(server.ran), "what was lost has new names"


@pytest.mark.parametrize("patience_ms", [3_000])
def test_a_server_that_stays_away_gives_the_job_back(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    server.faults.step_s = 0.05
    running = engine.run(ask())
    upto(running, lambda: server.ran)
    server.stop()
    with pytest.raises(EngineUnavailable, match="does not answer"):
        list(running)


def test_an_answer_that_is_lost_is_looked_for(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    """comfyui.md, 2: 500, yet the item IS enqueued."""
    server.faults.lose_answer["POST /prompt"] = 1
    assert made(list(engine.run(ask()))) == [0, 1]
    assert len(server.ran) == 2
    assert server.core.asked.count("POST /prompt") == 2


@pytest.mark.parametrize("patience_ms", [3_000])
def test_in_doubt_nothing_is_sent_twice(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    server.faults.answer_500["POST /prompt"] = 1
    events: list[Event] = []
    with pytest.raises(EngineUnavailable):
        events.extend(engine.run(ask()))
    assert server.core.asked.count("POST /prompt") == 1
    [said] = [event for event in events if isinstance(event, Handle)]
    assert made(list(engine.run(ask(), said.value))) == [0, 1]
    assert server.ran == [prompt_id for _, prompt_id in said.value["prompts"]]


@pytest.mark.parametrize("version", [NEW, OLD])
def test_what_was_submitted_before_a_crash_is_found_again(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    server.faults.step_s = 0.05
    running = engine.run(ask(seeds=(1, 2, 3)))
    events_seen = upto(running, lambda: len(server.ran) == 2)
    with pytest.raises(LeaseLost):
        running.throw(LeaseLost("gone"))
    [said] = [event for event in events_seen if isinstance(event, Handle)]
    until(lambda: not server.core.line.remaining(), what="the end of what was left there")
    again = list(engine.run(ask(seeds=(2, 3)), said.value))
    assert made(again) == [0, 1]
    assert server.ran == [prompt_id for _, prompt_id in said.value["prompts"]], "each once"


@pytest.mark.parametrize("version", [NEW, OLD])
def test_closing_ends_what_runs_and_what_waits(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    server.faults.step_s = 0.1
    running = engine.run(ask(seeds=(1, 2, 3), steps=100))
    upto(running, lambda: len(server.core.line.waiting()) == 1)
    running.close()
    assert server.core.line.remaining() == 0
    assert len(server.ran) == 1
    server.faults.step_s = 0.0
    assert made(list(engine.run(ask()))) == [0, 1]


@pytest.mark.parametrize("deed", ["interrupt", "clear"])
def test_what_somebody_else_stops_is_asked_for_again(
    engine: ComfyImageEngine, server: ComfyServer, ask: Ask, deed: str
) -> None:
    """A global interrupt stops whoever runs; a deleted prompt never gets a history entry (comfyui.md, 3)."""
    server.faults.step_s = 0.05
    running = engine.run(ask())
    events_seen = upto(running, lambda: len(server.core.line.waiting()) == 1 and server.ran)
    if deed == "interrupt":
        httpx.post(f"{server.url}/interrupt")
    else:
        httpx.post(f"{server.url}/queue", json={"clear": True})
    assert made(events_seen + list(running)) == [0, 1]


@pytest.mark.parametrize("fault", ["lose_files", "cut_files"])
def test_a_file_that_is_gone_or_cut_is_made_anew_and_not_for_ever(
    engine: ComfyImageEngine, server: ComfyServer, ask: Ask, fault: str
) -> None:
    """comfyui.md, 10: if the output file was moved: still success, /view 404."""
    setattr(server.faults, fault, True)
    running = engine.run(ask(seeds=(1,)))
    upto(running, lambda: len(server.ran) == 2)
    setattr(server.faults, fault, False)
    assert made(list(running)) == [0]
    setattr(server.faults, fault, True)
    with pytest.raises(EngineError, match="lost this 3 times"):
        list(engine.run(ask(seeds=(2,))))


def test_asked_again_a_picture_has_a_file_of_its_own(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    """comfyui.md, 10: an identical prompt gives the same file name as before, from the cache."""
    list(engine.run(ask(seeds=(1,))))
    assert made(list(engine.run(ask(seeds=(1,))))) == [0]
    files = [entry["outputs"]["result"]["images"][0]["filename"] for entry in server.core.line.history.values()]
    assert len(set(files)) == 2


def test_a_black_picture_is_refused(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    """comfyui.md, 4: NaN during sampling = status success with an all-black image."""
    server.faults.black = True
    with pytest.raises(Rejected, match="came out black"):
        list(engine.run(ask()))


def test_out_of_memory_says_so(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    server.faults.memory = True
    with pytest.raises(OutOfMemory, match="smaller size or model") as caught:
        list(engine.run(ask()))
    assert "TIPS" not in caught.value.message
    assert server.core.line.remaining() == 0, "the one that waited is taken back"


def test_a_broken_checkpoint_is_named(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    path = server.folders.models / "checkpoints" / "torn-sd15.safetensors"
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(Rejected, match=r"'torn-sd15.safetensors' on ComfyUI at .* is broken. Copy the file there again"):
        list(engine.run(ask(model="torn-sd15.safetensors")))


def test_a_model_deleted_a_moment_ago_is_named(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    server.folders.put_checkpoint("late.safetensors")
    engine.models()
    (server.folders.models / "checkpoints" / "late.safetensors").unlink()
    with pytest.raises(Unsupported, match=r"no checkpoint late.safetensors: put it into models/checkpoints"):
        list(engine.run(ask(model="late.safetensors")))


@pytest.mark.parametrize("patience_ms", [2_000])
def test_a_dead_prompt_thread_is_noticed(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    """comfyui.md, 6: HTTP stays 200, the job stays in queue_running for ever."""
    server.faults.dead = True
    with pytest.raises(EngineUnavailable, match=r"has stopped working on its queue. Restart it") as caught:
        list(engine.run(ask()))
    assert "continues by itself" in caught.value.message
    until(lambda: not engine.status().ok, what="a status that says so")
    server.faults.dead = False
    server.restart()
    until(lambda: engine.status().ok, what="a status that is well again")
    assert made(list(engine.run(ask()))) == [0, 1]


@pytest.mark.parametrize("patience_ms", [2_000])
def test_behind_others_that_never_end_it_steps_back(engine: ComfyImageEngine, server: ComfyServer, ask: Ask) -> None:
    server.faults.dead = True
    graph = {"1": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}}
    graph |= {"2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "photo.safetensors"}}}
    graph |= {"3": {"class_type": "VAEDecode", "inputs": {"samples": ["1", 0], "vae": ["2", 2]}}}  # type: ignore[dict-item]
    graph |= {"4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}}}  # type: ignore[dict-item]
    assert httpx.post(f"{server.url}/prompt", json={"prompt": graph}).status_code == 200
    events: list[Event] = []
    with pytest.raises(EngineUnavailable, match="busy with something else"):
        events.extend(engine.run(ask()))
    assert [event.value for event in events if isinstance(event, Handle)][-1] == {}, "nothing is left to find again"
    assert not server.core.line.waiting()
