"""Renders that are cancelled, whose ffmpeg is killed, or whose disk is full: nothing is torn or left behind, all can go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import psutil
import pytest

from backend import assets, jobs, reels
from backend.app import App
from backend.errors import Cancelled, DiskFull, ProcessKilled
from backend.kit import disk
from backend.media import ffmpeg
from backend.reels.pipeline import run_render
from backend.reels.schemas import RenderPayload
from backend.settings import Settings
from tests.backend.reels.test_render import SHORT, order
from tests.factories.account import Tenant
from tests.support.breaking_ffmpeg import BreakingFfmpeg
from tests.support.context import make_context, next_attempt
from tests.support.inline_worker import run_job
from workers.context import Context

PHASES = (
    "speaking",
    "fetching the pictures",
    "making the scenes",
    "putting it together",
    "saving the voice",
    "saving the video",
)


@pytest.fixture
def breaking_ffmpeg(tmp_path: Path) -> BreakingFfmpeg:
    (tmp_path / "bin").mkdir()
    return BreakingFfmpeg(tmp_path / "bin", ffmpeg.binary_path(Settings.read(env_file=None)))


@pytest.fixture
def settings(settings: Settings, breaking_ffmpeg: BreakingFfmpeg) -> Settings:
    return settings.replace(FFMPEG_BINARY=str(breaking_ffmpeg.binary))


def begun(studio: App, workspace: Tenant) -> tuple[Context, RenderPayload]:
    """A render whose pictures are drawn, and nothing else."""
    job_id = order(studio, workspace, SHORT)
    with studio.db.transaction(workspace.caller) as tx:
        payload = RenderPayload(reel_id=reels.job_and_reel(tx, job_id)[1].id)
    context = make_context(studio, workspace, "reel-render", payload, job_id=job_id)
    with pytest.raises(jobs.WaitForChildren):
        run_render(context, payload)
    with studio.db.transaction(workspace.caller) as tx:
        drawing = [child.id for child in jobs.children(tx, job_id)]
    for child_id in drawing:
        run_job(studio, workspace, child_id)
    return next_attempt(context), payload


def checked_film(studio: App, workspace: Tenant, result: dict[str, Any], folder: Path) -> None:
    """Asserts that each frame of the film is there."""
    with studio.db.transaction(workspace.caller) as tx:
        card = assets.get(tx, result["assetId"])
    assets.fetch(studio.storage, card, folder / "film.mp4")
    with av.open(str(folder / "film.mp4")) as container:
        assert len(list(container.decode(video=0))) == round(result["seconds"] * 30)


def programs() -> list[str]:
    """Command lines of this process's children that have not ended, without the servers of tests.support.warm_children."""
    living = (child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE)
    return [line for child in living if "tests.support.warm_children" not in (line := " ".join(child.cmdline()))]


def test_a_render_is_cancelled_at_every_step_and_can_go_on(
    studio: App, workspace: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, payload = begun(studio, workspace)
    waits = {}
    for phase in PHASES:
        asked_at = cancel_in(context, phase, monkeypatch)
        with pytest.raises(Cancelled):
            run_render(context, payload)
        waits[phase] = time.monotonic() - asked_at[0]
        assert not [line for line in programs() if "ffmpeg" in line], phase
        assert not list(context.workdir.rglob("*.part*")), phase
        context = next_attempt(context)
    print({phase: f"{wait_s:.2f} s" for phase, wait_s in waits.items()})
    checked_film(studio, workspace, run_render(context, payload), tmp_path)


def cancel_in(context: Context, phase: str, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Asks to cancel when `phase` is reported first; the moment is put into the list."""
    asked_at: list[float] = []
    report = context.progress

    def progress(done: int, total: int, name: str = "working") -> None:
        report(done, total, name)
        if name == phase and not asked_at:
            asked_at.append(time.monotonic())
            context.cancel_requested = True

    monkeypatch.setattr(context, "progress", progress)
    return asked_at


@pytest.mark.parametrize("transfer", ["get_file", "put_file"])
def test_a_storage_that_hangs_does_not_keep_a_job_from_being_cancelled(
    studio: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch, transfer: str
) -> None:
    context, payload = begun(studio, workspace)
    hangs, released = threading.Event(), threading.Event()

    def hang(*_: object, check: Callable[[], None]) -> None:
        context.cancel_requested = True
        hangs.set()
        released.wait(60)
        check()

    monkeypatch.setattr(studio.storage, transfer, hang)
    try:
        with pytest.raises(Cancelled, match="as asked"):
            run_render(context, payload)
        assert hangs.is_set()
        assert not released.is_set()
    finally:
        released.set()


def test_a_killed_ffmpeg_is_started_again_and_no_film_is_torn(
    studio: App, workspace: Tenant, breaking_ffmpeg: BreakingFfmpeg, tmp_path: Path
) -> None:
    context, payload = begun(studio, workspace)
    result, runs, torn = dict[str, Any](), 0, list[Path]()
    while not result:
        runs += 2
        breaking_ffmpeg.fail_at(runs, "kill")
        try:
            result = run_render(context, payload)
        except ProcessKilled:
            torn += list(context.workdir.rglob("*.part*"))
            context = next_attempt(context)
    assert runs > 6
    assert not torn
    assert breaking_ffmpeg.calm_down(), "the last attempt ran to its end"
    checked_film(studio, workspace, result, tmp_path)


def test_a_full_disk_is_named_and_the_render_goes_on_when_there_is_room(
    studio: App, workspace: Tenant, breaking_ffmpeg: BreakingFfmpeg, tmp_path: Path
) -> None:
    context, payload = begun(studio, workspace)
    for n in (1, 3):
        breaking_ffmpeg.fail_at(n, "full")
        with pytest.raises(DiskFull, match=disk.FULL):
            run_render(context, payload)
        assert not list(context.workdir.rglob("*.part*"))
        context = next_attempt(context)
    checked_film(studio, workspace, run_render(context, payload), tmp_path)
