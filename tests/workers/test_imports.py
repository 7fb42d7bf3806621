"""Real workers that are killed when an uploaded track or video was sent to the storage and its row not yet written."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from backend import assets, music, videos
from backend.app import App
from backend.assets import uploads
from backend.db.tables import Asset, AssetUse, Clip, Track
from backend.media import ffmpeg
from backend.music import NewTrack
from backend.videos import NewVideo
from tests.support.processes import JobUser, Workers
from tests.support.wait import until

pytestmark = pytest.mark.kill


def upload(app: App, job_user: JobUser, path: Path, *, noun: str, noun_id: str) -> str:
    """Sends a file; returns the upload's id."""

    def open_tx() -> Any:
        return app.db.transaction(job_user.tenant.editor.caller, needs="editor")

    values = {"noun": noun, "noun_id": noun_id, "filename": path.name, "client_key": path.name}
    with open_tx() as tx:
        card = uploads.announce(tx, settings=app.settings, size=path.stat().st_size, **values)
    uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=card.id, chunks=[path.read_bytes()])
    return card.id


def add_track(app: App, job_user: JobUser, folder: Path) -> str:
    path = folder / "tone.wav"
    write(app, path, ["-f", "lavfi", "-i", "sine=330:duration=4"])
    upload_id = upload(app, job_user, path, noun=music.UPLOAD_NOUN, noun_id=music.INBOX)
    draft = NewTrack(upload_id=upload_id, title="Tone", licence="CC0-1.0", source="ourselves")
    with job_user.db.transaction(job_user.tenant.caller, needs="editor") as tx:
        return music.add(tx, draft, request_key="k").job_id


def add_video(app: App, job_user: JobUser, folder: Path) -> str:
    path = folder / "beach.mp4"
    write(app, path, ["-f", "lavfi", "-i", "testsrc2=size=160x284:rate=25:duration=1"])
    upload_id = upload(app, job_user, path, noun=videos.UPLOAD_NOUN, noun_id=videos.INBOX)
    with job_user.db.transaction(job_user.tenant.caller, needs="editor") as tx:
        return str(videos.add(tx, NewVideo(upload_id=upload_id), request_key="k").job_id)


def write(app: App, path: Path, source: list[str]) -> None:
    subprocess.run([ffmpeg.binary_path(app.settings), "-v", "error", "-y", *source, str(path)], check=True)


@pytest.mark.parametrize(
    ("add", "fault", "table"), [(add_track, "music-import:track+", Track), (add_video, "video-import:film+", Clip)]
)
def test_a_file_whose_worker_was_killed_is_there_once(
    app: App,
    workers: Workers,
    job_user: JobUser,
    tmp_path: Path,
    add: Callable[[App, JobUser, Path], str],
    fault: str,
    table: type[Track | Clip],
) -> None:
    job_id, temp = add(app, job_user, tmp_path), tmp_path / "temp"
    temp.mkdir()
    victim = workers.start(handlers="", FAULT_STEP=f"{fault}:kill", TMPDIR=str(temp))
    assert victim.wait(60) == -signal.SIGKILL
    [left] = temp.iterdir()
    workers.start(handlers="", TMPDIR=str(temp))
    card = job_user.ended(job_id, 60)
    assert (card.state, card.attempt_n) == ("completed", 2), workers.logs()
    with job_user.db.transaction(job_user.tenant.caller) as tx:
        [asset_id] = tx.scalars(select(table.asset_id)).all()
        assert assets.get(tx, asset_id).size_bytes > 0
        ours = Asset.job_id == job_id
        assert tx.scalars(select(Asset.id).where(ours, Asset.state == "stored")).all() == [asset_id]
        assert tx.scalar(select(func.count()).where(AssetUse.asset_id == asset_id)) == 1
    until(lambda: not left.exists(), what="removal of what the killed worker left")
    until(lambda: not list(temp.glob("*/*/*")), what="removal of the job's own folder")
