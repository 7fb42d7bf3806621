"""Twenty runs at once, of two workspaces, on real workers and engines; and renders that are cancelled in full size."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from backend import music, reels, videos
from backend.app import App
from backend.db.tables import Job
from backend.reels import ReelDraft, SceneDraft, VideoRunDraft
from backend.settings import ROOT
from backend.videos import FinishDraft, NewVideo
from tests.factories.making import make_asset, make_influencer
from tests.support.child_memory import measured_children
from tests.support.processes import JobUser, Workers
from tests.support.wait import until
from tests.workers.test_imports import upload, write

RUNS = 10
"""Of each workspace."""
FFMPEG_GB = 1.0
"""Of all that run at once. Beside each is a program of 0.13 GB that moves the camera, and one that speaks: 1.5 GB in all."""
CANCEL_AT = ("speaking", "making the scenes", "putting it together")
WORDS = "Good morning from Turin. Today it rains, so I stay at home and make coffee. "


@pytest.mark.kill
def test_twenty_runs_at_once_are_rendered_two_by_two_and_fairly(
    app: App, workers: Workers, new_job_user: Callable[[str], JobUser]
) -> None:
    users = [new_job_user("First"), new_job_user("Second")]
    started: dict[str, JobUser] = {}
    for user in users:
        with app.db.transaction(user.tenant.editor.caller, needs="editor") as tx:
            make_influencer(tx)
            for n in range(RUNS):
                draft = VideoRunDraft(script=f"Number {n}. Good morning.", prompts=("a street at night",), run_id=f"run-{n}")
                started[reels.start(app, tx, draft).id] = user
    most, ended, order = 0, set[str](), list[JobUser]()
    with measured_children("ffmpeg") as memory:
        workers.start("cpu,net,gpu", handlers="", JOB_BEAT_S="1.0", JOB_LEASE_S="15")
        while len(ended) < len(started):
            most = max(most, sum(rendering(user) for user in users))
            for job_id, user in started.items():
                if job_id not in ended and user.get(job_id).ended:
                    ended.add(job_id)
                    order.append(user)
            time.sleep(0.2)
    cards = [user.get(job_id) for job_id, user in started.items()]
    of_second = sum(user is users[1] for user in order[:RUNS])
    print(f"{most} rendering at most, ffmpeg {memory.gigabytes} GB, {of_second} of the first {RUNS} are the second's")
    assert {card.state for card in cards} == {"completed"}, workers.logs()
    assert most <= 2
    assert 3 <= of_second <= 7
    assert memory.gigabytes <= FFMPEG_GB


def rendering(user: JobUser) -> int:
    with user.db.transaction(user.tenant.caller) as tx:
        running = select(func.count()).where(Job.kind == "reel-render", Job.state == "processing")
        return tx.scalar(running) or 0


@pytest.mark.kill
def test_a_render_and_a_finishing_of_full_size_end_soon_after_their_cancel(
    app: App, workers: Workers, job_user: JobUser, tmp_path: Path
) -> None:
    """Prints how long each took; seconds are not asserted, a busy machine takes longer."""
    reel_id = make_reel(app, job_user)
    workers.start("cpu,net", handlers="", JOB_BEAT_S="1.0", JOB_LEASE_S="15")
    video_id = add_video(app, job_user, tmp_path)
    with app.db.transaction(job_user.tenant.editor.caller, needs="editor") as tx:
        draft = FinishDraft(preset="youtube-standard", subtitles=WORDS, music=music.page(tx).cards[0].id)
        job_id = str(videos.finish(tx, video_id, draft, request_key="finish").job_id)
    waits = {"finishing": cancelled_in(job_user, job_id, "making the video")}
    for phase in CANCEL_AT:
        with app.db.transaction(job_user.tenant.editor.caller, needs="editor") as tx:
            job_id = reels.render(tx, reel_id, request_key=phase).id
        waits[phase] = cancelled_in(job_user, job_id, phase)
    print({phase: f"{wait_s:.2f} s" for phase, wait_s in waits.items()})


def make_reel(app: App, job_user: JobUser) -> str:
    """Eight scenes of one picture, about 45 s, with voice and music."""
    out = io.BytesIO()
    Image.open(ROOT / "studio" / "faces" / "bella.webp").convert("RGB").resize((1080, 1080)).save(out, "PNG")
    with app.db.transaction(job_user.tenant.editor.caller, needs="editor") as tx:
        picture = make_asset(tx, storage=app.storage, data=out.getvalue(), width=1080, height=1080)
        track = music.page(tx).cards[0]
        draft = ReelDraft(script=WORDS * 8, influencer_id=make_influencer(tx).id, music_track_id=track.id)
        card = reels.create_with_voice(app, tx, draft)
        for n, scene in enumerate(card.scenes):
            values = {name: getattr(scene, name) for name in SceneDraft.model_fields} | {"asset_id": picture}
            transition = "fade" if n % 2 else "cut"
            reels.save_scene(tx, card.id, scene.id, SceneDraft(**values | {"transition": transition}))
    return card.id


def add_video(app: App, job_user: JobUser, folder: Path) -> str:
    """A video of 45 s in the library, full size."""
    path = folder / "long.mp4"
    write(app, path, ["-f", "lavfi", "-i", "testsrc2=size=1080x1920:rate=30:duration=45", "-preset", "ultrafast"])
    upload_id = upload(app, job_user, path, noun=videos.UPLOAD_NOUN, noun_id=videos.INBOX)
    with app.db.transaction(job_user.tenant.editor.caller, needs="editor") as tx:
        card = videos.add(tx, NewVideo(upload_id=upload_id), request_key="upload")
    assert job_user.ended(str(card.job_id), 300).state == "completed"
    return card.id


def cancelled_in(job_user: JobUser, job_id: str, phase: str) -> float:
    """Cancels the job once it reports `phase`. Returns the seconds until it ended."""
    until(lambda: job_user.get(job_id).phase == phase or job_user.get(job_id).ended, 400, what=phase)
    assert not job_user.get(job_id).ended, f"{phase} was over before it was seen"
    asked_at = time.monotonic()
    job_user.cancel(job_id)
    card = job_user.ended(job_id, 30)
    assert card.state == "cancelled"
    return time.monotonic() - asked_at
