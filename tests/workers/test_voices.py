"""Real workers that are killed. Paid words that were spoken and not yet written down are not paid again unasked; a copy of a
voice that was made and not yet written down is deleted at its engine."""

from __future__ import annotations

import signal
from datetime import date
from pathlib import Path

import pytest

from backend import assets, jobs, voices
from backend.app import App
from backend.assets import NewFile
from backend.db.tables import Consent
from backend.engines.registry import build_speech
from backend.kit.ids import new_id
from backend.voices import CloneDraft, PreviewDraft
from backend.voices.lexicon import speech_parts
from backend.voices.speech import _digest
from tests.servers.speech import KEY, SpeechServer, wav
from tests.support.processes import JobUser, Workers


@pytest.mark.kill
def test_a_killed_worker_pays_no_words_twice(app: App, workers: Workers, job_user: JobUser) -> None:
    with SpeechServer() as server:
        settings = {"OPENAI_SPEECH_URL": f"{server.url}/v1", "OPENAI_SPEECH_API_KEY": KEY}
        engines = build_speech(app.settings.replace(**settings))
        tenant = job_user.tenant
        with job_user.db.transaction(tenant.caller, needs="editor") as tx:
            voice = voices.add(tx, engines, engine="openai", name="alloy")
            job = voices.start_preview(tx, PreviewDraft(voice_id=voice.id, text="Hello"), request_key="k")
        digest = _digest(voice, speech_parts("Hello", []), 1.0)
        victim = workers.start(handlers="", FAULT_STEP=f"voice-preview:speech:{digest[:24]}+:kill", **settings)
        assert victim.wait(60) == -signal.SIGKILL
        workers.start(handlers="", **settings)
        card = job_user.ended(job.id, 60)
        assert (card.state, card.error_code) == ("failed", "speech_lost"), workers.logs()
        assert len(server.spoken) == 1
        with job_user.db.transaction(tenant.caller, needs="editor") as tx:
            assert voices.forget_lost(tx, voice.id) == 1
            jobs.retry(tx, job.id)
        card = job_user.ended(job.id, 60)
        assert (card.state, len(server.spoken)) == ("completed", 2), workers.logs()


def valid_consent(app: App, user: JobUser, folder: Path) -> str:
    """A consent for the person's voice whose recording was checked; returns its id."""
    recording = folder / "consent.wav"
    recording.write_bytes(wav("My name is Anna Bell."))
    consent_id, tenant = new_id("con"), user.tenant
    key = assets.key_for("audio", tenant_id=tenant.id, job_id="job_0", attempt_id="att_0")
    file = NewFile(recording, "audio", key, "audio/wav", "consent.wav", uses=[("consent", consent_id)])
    with user.db.transaction(tenant.caller, needs="editor") as tx:
        [asset_id] = assets.intend(tx, [file])
    uploaded = assets.upload_file(app.storage, file)
    with user.db.transaction(tenant.caller, needs="editor") as tx:
        assets.confirm(tx, {asset_id: uploaded})
        facts = {"subject_kind": "voice", "subject_name": "Anna Bell", "language": "en", "statement": "It is me."}
        tx.add(Consent(id=consent_id, **facts, asset_id=asset_id, transcript_check="matched", expires_on=date(2099, 1, 1)))
    return consent_id


@pytest.mark.kill
def test_a_copy_that_a_killed_worker_made_is_deleted_when_its_job_is_cancelled(
    app: App, workers: Workers, job_user: JobUser, tmp_path: Path
) -> None:
    consent_id, tenant = valid_consent(app, job_user, tmp_path), job_user.tenant
    with SpeechServer() as server:
        settings = {"ELEVENLABS_URL": server.url, "ELEVENLABS_API_KEY": KEY}
        engines = build_speech(app.settings.replace(**settings))
        with job_user.db.transaction(tenant.caller, needs="editor") as tx:
            job = voices.start_clone(tx, engines, CloneDraft(consent_id=consent_id, engine="elevenlabs"), request_key="k")
        victim = workers.start(handlers="", FAULT_STEP="voice-clone:voice+:kill", **settings)
        assert victim.wait(60) == -signal.SIGKILL
        assert [copy["description"] for copy in server.cloned] == [job.id]
        with job_user.db.transaction(tenant.caller, needs="editor") as tx:
            jobs.cancel(tx, job.id)
        server.faults.append("down")  # the first deletion fails, and is tried again
        workers.start(handlers="", **settings)
        assert job_user.ended(job.id, 60).state == "cancelled", workers.logs()
        with job_user.db.transaction(tenant.caller, needs="editor") as tx:
            assert voices.delete_left_behind(tx) in (0, 1)  # 0: the cancellation found the job waiting, and ordered it
            removal = jobs.latest(tx, ("consent", consent_id), "voice-removal")
        assert removal is not None
        assert job_user.ended(removal.id, 60).state == "completed", workers.logs()
        assert server.cloned == []
