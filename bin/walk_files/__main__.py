"""`make walks`: through how many of our files a prompt, a post and an upload go. Says each file, by folder, and how many.

A temporary studio with its real workers, the built-in engine and the practice platform; the pages run without a browser
(Streamlit's AppTest), requests of the API without a socket. A file counts when a function of it runs in any Python process
between the beginning and the end of a walk (`sitecustomize.py` says how it is seen); bodies of modules at import do not count.
So files that only declare values, tables or exceptions are not in it, while a page's whole drawing is, and what workers do all
the time: a walk in which nothing is asked for is counted as well. Children are started by `backend/kit/launch.py`, which no
profiler sees and which is counted by hand.

The walks begin on an open page of a studio that has drawn nothing yet (the engine's child starts within the walk):
1. prompt: "Create pictures" is pressed; ends when the job has stored its picture.
2. post: "Schedule" is pressed on a plan with this picture; ends when the practice platform has published it, minutes later.
3. upload: a picture is announced and sent to the API; ends when it is in its dataset.

Runs at 0.5.1 (a5c03ea) too, when this folder is copied there: the names of then stand beside those of today.
"""

from __future__ import annotations

import importlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WALKS = ("nothing", "prompt", "post", "upload")
_FOLDERS = ("backend/", "studio/", "pages/", "workers/", "ops/sandbox_platform/", "Home.py")
_LAUNCHER = "backend/kit/launch.py"
_TIMEOUT_S = 300.0
sys.path.insert(0, str(ROOT))


def main() -> None:
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="walk-files-") as name:
        folder = Path(name)
        (folder / "walk").write_bytes(b"\0")
        (folder / "seen").touch()
        os.environ |= {"WALK_FILES": name, "PYTHONPATH": str(HERE), "ALLOWED_HOSTS": "testserver", "JOB_LEASE_S": "60"}
        importlib.import_module("sitecustomize")  # traces this process too
        with _sandbox(folder) as url:
            os.environ["SANDBOX_URL"] = url
            _walk_all(_Walker(folder))
        lines = {line for line in (folder / "seen").read_text().splitlines() if line[2:].startswith(_FOLDERS)}
    lines -= {f"{n} backend/demo.py" for n in range(len(WALKS) + 1)}  # at 0.5.1: what this script calls itself
    files = {walk: sorted(line[2:] for line in lines if line[0] == str(n)) for n, walk in enumerate(WALKS, 1)}
    for walk in WALKS:
        _print(walk, files[walk] if walk == "nothing" else sorted({*files[walk], _LAUNCHER}))
    for walk in WALKS[1:]:
        others = len(set(files[walk]) - set(files["nothing"]))
        print(
            f"{walk}: {len({*files[walk], _LAUNCHER})} files, {others} of them not among the {len(files['nothing'])} of nothing"
        )


class _Walker:
    """Turns the noting of files on and off for all processes."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "walk"

    @contextmanager
    def on(self, walk: str) -> Iterator[None]:
        self._set(WALKS.index(walk) + 1)
        yield
        time.sleep(1)  # what follows the end: accounting, notifying
        self._set(0)

    def _set(self, number: int) -> None:
        with self._file.open("r+b") as file:  # in place: every process has it mapped
            file.write(bytes([number]))


def _walk_all(walker: _Walker) -> None:
    demo_module = _module("ops.demo", "backend.demo")
    start = getattr(_module("ops.local_stack.ephemeral", "backend.local_stack.throwaway"), "ephemeral_studio", None)
    start = start or _module("backend.local_stack.throwaway").studio
    with start() as settings:
        app = _module("backend.bootstrap").bootstrap(settings, role="studio")
        demo = (getattr(demo_module, "DemoRun", None) or demo_module.Demo)(app, demo_module._sign_in(app))
        resources = _module("studio.shell.resources", "studio.resources")
        cookies = "streamlit.runtime.context.ContextProxy.cookies"
        try:
            with patch.object(resources, "app", lambda: app), patch(cookies, {"studio_sid": demo.caller.token}):
                _walks(demo, walker)
        finally:
            app.close()


def _walks(demo: Any, walker: _Walker) -> None:
    influencers = _module("backend.influencers")
    influencer = demo.do(influencers.create, influencers.InfluencerDraft(name="Bella", time_zone="UTC"))
    jobs = _module("backend.jobs")
    _until(lambda: len(demo.do(jobs.workers, lease_s=60.0)) == 2)
    time.sleep(3)  # they have registered themselves: now they look at their devices
    asset_id = _prompt(demo, walker)
    _post(demo, walker, influencer.id, asset_id)
    _upload(demo, walker, influencer)
    with walker.on("nothing"):
        time.sleep(5)


def _prompt(demo: Any, walker: _Walker) -> str:
    """Returns the drawn picture's asset."""
    generation, jobs = _module("backend.generation"), _module("backend.jobs")
    page = _open(demo, "create/pictures")
    next(area for area in page.text_area if area.label == "Prompt").input("portrait, at the beach").run()
    with walker.on("prompt"):
        _press(page, "Create pictures")
        with _untraced():
            [request] = demo.do(generation.latest)
            _until(lambda: demo.do(jobs.get, request.job_id).ended)
    return str(demo.do(generation.pictures_of, request.id)[0].asset_id)


def _post(demo: Any, walker: _Walker, influencer_id: str, asset_id: str) -> None:
    plans, channels = _module("backend.content_plans", "backend.posts"), _module("backend.channels")
    channel = demo.do(channels.add_sandbox, influencer_id)
    demo.do(plans.save_rules, influencer_id, plans.RulesDraft(policy="auto"))
    due_at = (_module("backend.kit.clock").now() + timedelta(minutes=2)).replace(second=0, microsecond=0, tzinfo=None)
    variant = plans.VariantDraft(channel_id=channel.id, caption="Good morning", media=(asset_id,))
    draft = plans.PlanDraft(influencer_id=influencer_id, topic="Trams", wall=due_at, variants=(variant,))
    plan = demo.do(plans.create, draft, request_key="walk-post")
    page = _open(demo, "calendar/calendar", id=plan.id)
    with walker.on("post"):
        _press(page, "Schedule")
        with _untraced():
            _until(lambda: demo.do(plans.get, plan.id).state.value == "published")


def _upload(demo: Any, walker: _Walker, influencer: Any) -> None:
    testclient, datasets, jobs = _module("fastapi.testclient"), _module("backend.datasets"), _module("backend.jobs")
    api = _module("backend.api")
    create_api: Callable[..., Any] = getattr(api, "create_api", None) or api.create
    sample = next((ROOT / "backend/engines").rglob("characters/bella/*.jpg")).read_bytes()
    dataset = demo.do(datasets.create, name="Bella", influencer_id=influencer.id, trigger_word=influencer.trigger_word)
    demo.do(datasets.declare_rights, dataset.id, "Drawn for this.")
    with testclient.TestClient(create_api(lambda: demo.app), headers={"origin": "http://testserver"}) as browser:
        browser.cookies.set("studio_sid", demo.caller.token)
        file = {"filename": "a.jpg", "size": len(sample), "clientKey": "a.jpg"}
        with walker.on("upload"):
            url = f"/uploads/{demo.caller.tenant_id}"
            announced = browser.post(url, json={"noun": "dataset", "nounId": dataset.id, **file}).json()
            browser.put(f"{url}/{announced['id']}", content=sample).raise_for_status()
            job = demo.do(datasets.ingest, dataset.id, request_key="walk-upload")
            with _untraced():
                _until(lambda: demo.do(jobs.get, job.id).ended)
    [_picture] = demo.do(datasets.training_set, dataset.id)


def _open(demo: Any, file: str, **query: str) -> Any:
    page = _module("streamlit.testing.v1").AppTest.from_file(str(ROOT / "Home.py"), default_timeout=120)
    page.query_params["ws"] = demo.caller.tenant_id
    page.run()
    page.switch_page(f"pages/{file}.py")
    for name, value in query.items():
        page.query_params[name] = value
    return page.run()


def _press(page: Any, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()
    if page.exception or page.error:
        raise RuntimeError(f"{label}: {[*page.exception, *page.error]}")


@contextmanager
def _sandbox(folder: Path) -> Iterator[str]:
    """The practice platform; its URL."""
    module = _module("ops.sandbox_platform", "backend.sandbox_platform").__name__
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    args = ["-m", module, "--folder", str(folder / "sandbox"), "--port", str(port)]
    process = subprocess.Popen([sys.executable, *args], cwd=ROOT)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _untraced() -> Iterator[None]:
    """For this thread: waiting is no part of a walk."""
    profiler = sys.getprofile()
    sys.setprofile(None)
    try:
        yield
    finally:
        sys.setprofile(profiler)


def _until(done: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + _TIMEOUT_S
    while not done():
        if time.monotonic() > give_up_at:
            raise TimeoutError
        time.sleep(0.2)


def _module(*names: str) -> Any:
    """The first of these that there is: as it is called today, and at 0.5.1."""
    for name in names[:-1]:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(names[-1])


def _print(walk: str, files: list[str]) -> None:
    folders: dict[str, list[str]] = defaultdict(list)
    for file in files:
        folder, _, name = file.rpartition("/")
        folders[folder].append(name)
    print(f"\n{walk}: {len(files)} files")
    for folder, names in folders.items():
        print(f"  {folder or '.'} ({len(names)}): {' '.join(names)}")


if __name__ == "__main__":
    main()
