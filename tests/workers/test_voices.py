"""A real worker that is killed when its paid words were spoken and not yet written down: they are not paid again unasked."""

from __future__ import annotations

import signal

import pytest

from backend import jobs, voices
from backend.app import App
from backend.engines.registry import build_speech
from backend.voices import PreviewDraft
from backend.voices.lexicon import speech_parts
from backend.voices.speech import _digest
from tests.servers.speech import KEY, SpeechServer
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
