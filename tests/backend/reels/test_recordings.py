"""A person's own recording is heard in a scene instead of the voice."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from backend import assets, jobs, reels
from backend.app import App
from backend.assets import uploads
from backend.errors import Conflict, Invalid, NotFound, Rejected
from backend.media import ffmpeg
from backend.reels import ReelCard, ReelDraft, ReelVariantDraft, SceneDraft
from tests.factories.account import Tenant
from tests.fakes.speech import FakeSpeech
from tests.support.inline_worker import run_job


def recording(app: App, tenant: Tenant, scene_id: str, data: bytes, noun: str = "reel-scene") -> str:
    """The id of an upload that has arrived."""

    def open_tx() -> Any:
        return app.db.transaction(tenant.editor.caller, needs="editor")

    about = {"noun": noun, "noun_id": scene_id, "filename": "me.ogg", "size": len(data), "client_key": str(hash(data))}
    with open_tx() as tx:
        upload = uploads.announce(tx, settings=app.settings, **about)
    uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=upload.id, chunks=[data])
    return upload.id


def sound(app: App, path: Path, seconds: float, source: str = "sine=300") -> bytes:
    """An Ogg file."""
    command = [ffmpeg.binary_path(app.settings), "-v", "error", "-y", "-f", "lavfi", "-i", f"{source}:duration={seconds}"]
    subprocess.run([*command, str(path)], check=True)
    return path.read_bytes()


def record(app: App, tenant: Tenant, card: ReelCard, scene_id: str, data: bytes) -> Any:
    upload_id = recording(app, tenant, scene_id, data)
    with app.db.transaction(tenant.editor.caller, needs="editor") as tx:
        job = reels.record_scene(tx, card.id, scene_id, upload_id, request_key=upload_id)
        with pytest.raises(Conflict):
            reels.record_scene(tx, card.id, scene_id, upload_id, request_key="again")
    run_job(app, tenant, job.id)
    with app.db.transaction(tenant.caller) as tx:
        return jobs.get(tx, job.id)


def test_a_recording_is_heard_instead_of_the_voice_and_its_words_are_timed(
    studio: App, workspace: Tenant, speech: FakeSpeech, still: str, tmp_path: Path
) -> None:
    def open_tx() -> Any:
        return studio.db.transaction(workspace.editor.caller, needs="editor")

    with open_tx() as tx:
        scenes = [SceneDraft(words=words, asset_id=still) for words in ("Hello there you.", "Goodbye now.")]
        card = reels.create_with_voice(studio, tx, ReelDraft(title="Hello"), scenes=scenes)
        first, second = card.scenes
        variant = reels.add_variant(tx, card.id, ReelVariantDraft(hook="Another hook."))
    done = record(studio, workspace, card, first.id, sound(studio, tmp_path / "me.ogg", 4.0))
    assert done.state == "completed", done.error_message
    with open_tx() as tx:
        recorded = reels.get(tx, card.id)
        file = assets.get(tx, str(recorded.scenes[0].recording_asset_id))
        assert (file.kind, file.meta["origin"], recorded.revision) == ("audio", "recorded", 2)
        assert reels.get(tx, variant.id).scenes[0].recording_asset_id is None, "the voice says the variant's words"
        job_id = reels.render(tx, card.id, request_key="r").id
    run_job(studio, workspace, job_id)
    with open_tx() as tx:
        rendered = reels.get(tx, card.id)
        result = jobs.get(tx, job_id).result or {}
        subtitles = studio.storage.read(assets.get(tx, rendered.files["subtitles.srt"]).key).decode()
    assert [request.text for request in speech.requests] == ["Goodbye now."]
    assert result["seconds"] > 4.0 + 0.5  # as long as the recording takes
    assert "Hello there you." in subtitles.replace("\n", " ")

    def read() -> Any:
        return studio.db.transaction(workspace.caller)

    drawn = reels.rendered_scenes(studio, read, rendered)[first.id]
    assert min(drawn.waveform[12:40]) > 0
    with open_tx() as tx:
        values = {name: getattr(rendered.scenes[0], name) for name in SceneDraft.model_fields}
        kept = reels.save_scene(tx, card.id, first.id, SceneDraft(**values | {"words": "Hello again."}))
        assert kept.scenes[0].recording_asset_id == file.id
        assert reels.set_recording(tx, card.id, first.id, None).scenes[0].recording_asset_id is None
        with pytest.raises(Invalid, match="not a recording"):
            reels.set_recording(tx, card.id, second.id, rendered.files["subtitles.srt"])
        with pytest.raises(Invalid, match="variant"):
            reels.record_scene(tx, variant.id, first.id, "up_none", request_key="v")
        other = recording(studio, workspace, second.id, b"x" * 10)
        with pytest.raises(NotFound):
            reels.record_scene(tx, card.id, first.id, other, request_key="o")


def test_what_is_no_recording_is_refused_with_what_is_wrong(studio: App, workspace: Tenant, tmp_path: Path) -> None:
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        card = reels.create(tx, ReelDraft(script="Hello there."))
    scene_id = card.scenes[0].id
    for data, sentence in (
        (b"no sound at all", "MP3"),
        (sound(studio, tmp_path / "short.ogg", 0.2), "shorter"),
        (sound(studio, tmp_path / "silent.ogg", 2.0, "anullsrc=r=44100"), "silent"),
    ):
        with pytest.raises(Rejected, match=sentence):
            record(studio, workspace, card, scene_id, data)
    with studio.db.transaction(workspace.caller) as tx:
        assert reels.get(tx, card.id).scenes[0].recording_asset_id is None
