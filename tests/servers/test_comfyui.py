"""The faithful ComfyUI says what the live ones said: docs/contracts/comfyui.md, section by section."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from backend.engines.comfyui.graphs import workflow
from tests.servers.comfyui import ComfyServer
from tests.servers.comfyui.server import NEW, OLD
from tests.support.wait import until


@pytest.fixture(scope="module", params=[NEW, OLD])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComfyServer]:
    with ComfyServer(tmp_path_factory.mktemp("comfyui"), version=request.param) as running:
        running.folders.put_checkpoint("photo.safetensors")
        running.folders.put_model("upscale_models", "larger.pth")
        yield running


@pytest.fixture
def client(server: ComfyServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


def graph(**values: Any) -> dict[str, Any]:
    whole = {"checkpoint": "photo.safetensors", "width": 64, "height": 64, "steps": 2, "seed": uuid.uuid4().int % 2**32}
    return workflow.bind(workflow.load_builtin("txt2img_sd15"), whole | values, prefix=f"t/{uuid.uuid4()}")


def changed(node: str, **inputs: Any) -> dict[str, Any]:
    prompt = graph()
    prompt[node]["inputs"] |= inputs
    return prompt


def without(node: str, name: str) -> dict[str, Any]:
    prompt = graph()
    del prompt[node]["inputs"][name]
    return prompt


def post(client: httpx.Client, prompt: Any, **more: Any) -> httpx.Response:
    return client.post("/prompt", json={"prompt": prompt, **more})


def ended(client: httpx.Client, prompt_id: str) -> dict[str, Any]:
    history: dict[str, Any] = until(lambda: client.get(f"/history/{prompt_id}").json(), what="the end")[prompt_id]
    return history


@pytest.mark.parametrize(
    ("prompt", "node", "kind"),
    [
        (changed("checkpoint", ckpt_name="nope.safetensors"), "checkpoint", "value_not_in_list"),
        (without("sampler", "seed"), "sampler", "required_input_missing"),
        (changed("sampler", steps="many"), "sampler", "invalid_input_type"),
        (changed("sampler", steps=0), "sampler", "value_smaller_than_min"),
        (changed("sampler", steps=10**6), "sampler", "value_bigger_than_max"),
        (changed("sampler", model=["positive", 0]), "sampler", "return_type_mismatch"),
        (changed("sampler", model=["nowhere", 0]), "sampler", "exception_during_inner_validation"),
        (changed("sampler", latent_image=["sampler", 0]), "sampler", "dependency_cycle"),
    ],
)
def test_what_is_wrong_with_a_node_is_told_by_node(client: httpx.Client, prompt: Any, node: str, kind: str) -> None:
    """comfyui.md, 2: table of error shapes."""
    response = post(client, prompt)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "prompt_outputs_failed_validation"
    assert response.json()["error"]["details"] == ""
    assert [error["type"] for error in response.json()["node_errors"][node]["errors"]] == [kind]


def test_what_is_no_prompt(client: httpx.Client, server: ComfyServer) -> None:
    """comfyui.md, 2: 400 for an empty body, 500 for what it never expected."""
    assert client.post("/prompt", json={}).json()["error"]["type"] == "no_prompt"
    assert client.post("/prompt", json=[]).status_code == 400
    assert post(client, {}).json()["error"]["type"] == "prompt_no_outputs"
    unknown = "invalid_prompt" if server.version == OLD else "missing_node_type"
    assert post(client, {"1": {"class_type": "Nope", "inputs": {}}}).json()["error"]["type"] == unknown
    for strange in ({"nodes": [], "links": [], "last_node_id": 3}, [1]):
        assert post(client, strange).status_code == 500
    assert post(client, graph(), number="abc").status_code == 500
    assert client.post("/prompt", content=b"{").status_code == 500
    assert post(client, graph(), prompt_id="job-1").status_code == (200 if server.version == OLD else 400)
    assert client.get("/queue", headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_half_that_is_bad_is_dropped_without_a_word_but_node_errors(client: httpx.Client) -> None:
    """comfyui.md, 2: 200 may still carry non-empty node_errors."""
    prompt = graph()
    prompt["bad"] = {"class_type": "SaveImage", "inputs": {"images": ["nowhere", 0], "filename_prefix": "x"}}
    response = post(client, prompt)
    assert response.status_code == 200
    assert list(response.json()["node_errors"]) == ["bad"]
    assert list(ended(client, response.json()["prompt_id"])["outputs"]) == ["result"]


def test_the_same_prompt_again_gives_the_same_file(client: httpx.Client) -> None:
    """comfyui.md, 10: success, no work, SAME filename as before; with another prefix a new file."""
    prompt = graph()
    first, second = (ended(client, post(client, prompt).json()["prompt_id"]) for _ in range(2))
    assert first["outputs"] == second["outputs"]
    assert len(dict(second["status"]["messages"])["execution_cached"]["nodes"]) == len(prompt)
    prompt["result"]["inputs"]["filename_prefix"] += "-again"
    third = ended(client, post(client, prompt).json()["prompt_id"])
    assert third["outputs"] != first["outputs"]
    assert client.get("/view", params=third["outputs"]["result"]["images"][0]).headers["content-type"] == "image/png"


def test_an_upload_of_other_bytes_gets_another_name(client: httpx.Client, tmp_path: Path) -> None:
    """comfyui.md, 7."""

    def send(data: bytes, **form: str) -> httpx.Response:
        return client.post("/upload/image", files={"image": ("ref.png", data)}, data=form)

    assert [send(data).json()["name"] for data in (b"a", b"a", b"b")] == ["ref.png", "ref.png", "ref (1).png"]
    assert send(b"c", subfolder="../..").status_code == 400
    assert send(b"c", type="nowhere").status_code == 500
    assert client.post("/upload/image", data={"type": "input"}).status_code == 400
    assert client.get("/view", params={"filename": "x.png", "subfolder": "../../.."}).status_code == 403
    assert client.get("/view", params={"filename": "../x.png"}).status_code == 400
    assert client.get("/models/nothing").status_code == 404


def test_jobs_are_told_by_newer_servers_alone(client: httpx.Client, server: ComfyServer) -> None:
    prompt_id = post(client, graph()).json()["prompt_id"]
    ended(client, prompt_id)
    response = client.get(f"/api/jobs/{prompt_id}")
    assert response.status_code == (404 if server.version == OLD else 200)
    if server.version == NEW:
        assert response.json()["status"] == "completed"
        assert client.get(f"/api/jobs/{uuid.uuid4()}").status_code == 404
        assert client.post(f"/api/jobs/{uuid.uuid4()}/cancel").json() == {"cancelled": False}


def test_when_the_older_of_two_sockets_closes_the_newer_is_deaf(client: httpx.Client, server: ComfyServer) -> None:
    """comfyui.md, 5: it stays open, without close frame or status."""
    address = f"ws{server.url[4:]}/ws?clientId=twice"
    with connect(address, compression=None) as newer_first:
        newer_first.recv()
        with connect(address, compression=None) as newer:
            assert json.loads(newer.recv())["data"]["sid"] == "twice"
            newer_first.close()
            until(lambda: "twice" not in server.core.sockets._open, what="the end of the older one")
            ended(client, post(client, graph(), client_id="twice").json()["prompt_id"])
            with pytest.raises(TimeoutError):
                newer.recv(timeout=0.3)


def test_history_comes_between_success_and_the_last_word(client: httpx.Client, server: ComfyServer) -> None:
    """comfyui.md, 5: order and history."""
    name, prompt_id, events = uuid.uuid4().hex, str(uuid.uuid4()), []
    with connect(f"ws{server.url[4:]}/ws?clientId={name}", compression=None) as socket:
        post(client, graph(), client_id=name, prompt_id=prompt_id)
        while True:
            message = json.loads(socket.recv(timeout=20))
            events.append(message["type"])
            if message["type"] == "executing" and message["data"]["node"] is None:
                break
        assert client.get(f"/history/{prompt_id}").json()
    assert (
        events.index("execution_start")
        < events.index("progress")
        < events.index("executed")
        < events.index("execution_success")
    )
    assert events[-1] == "executing"


def test_an_unreached_node_without_inputs_ends_the_prompt_thread(tmp_path: Path) -> None:
    """comfyui.md, 6: accepted, and nothing ever runs again."""
    with ComfyServer(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        server.folders.put_checkpoint("photo.safetensors")
        prompt = graph() | {"lonely": {"class_type": "VAEDecode"}}
        assert post(client, prompt).status_code == 200
        until(lambda: not server.core.worker.is_alive(), what="the thread's end")
        assert post(client, graph()).status_code == 200
        assert [len(client.get("/queue").json()[key]) for key in ("queue_running", "queue_pending")] == [1, 1]
