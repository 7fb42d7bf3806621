"""Music of a workspace: taken from an upload with what allows its use, heard in films, deleted and brought back."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backend import assets, music, reels, trash
from backend.app import App
from backend.assets import uploads
from backend.bootstrap import bootstrap
from backend.db.tables import Job
from backend.errors import Conflict, Invalid, NotFound, Rejected
from backend.music import NewTrack, TrackDraft
from backend.music.pipeline import run_import
from backend.music.schemas import TrackPayload
from backend.reels import ReelDraft, SceneDraft
from backend.settings import Settings
from backend.trash import TrashItem
from tests.factories.account import Tenant
from tests.support.context import make_context, next_attempt

RATE = 8000


def tone(seconds: float, amplitude: float = 0.2) -> bytes:
    """A WAV file of a tone."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        times = np.arange(round(seconds * RATE)) / RATE
        file.writeframes(np.int16(32767 * amplitude * np.sin(2 * np.pi * 300 * times)).tobytes())
    return data.getvalue()


@pytest.fixture
def studio(settings: Settings) -> Any:
    built = bootstrap(settings)
    yield built
    built.close()


@pytest.fixture
def do(studio: App, workspace: Tenant) -> Callable[..., Any]:
    """`do(verb, …)`: one verb in an editor's transaction."""

    def do(verb: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return verb(tx, *args, **keywords)

    return do


@pytest.fixture
def upload(studio: App, workspace: Tenant, do: Callable[..., Any]) -> Callable[[bytes, str], str]:
    """Sends a file; returns the upload's id."""

    def send(data: bytes, name: str) -> str:
        values = {"noun": music.UPLOAD_NOUN, "noun_id": music.INBOX, "filename": name, "client_key": name}
        card = do(uploads.announce, settings=studio.settings, size=len(data), **values)

        def open_tx() -> Any:
            return studio.db.transaction(workspace.editor.caller, needs="editor")

        uploads.receive(open_tx, studio.storage, settings=studio.settings, upload_id=card.id, chunks=[data])
        return str(card.id)

    return send


@pytest.fixture
def add(studio: App, workspace: Tenant, do: Any, upload: Any) -> Callable[..., Any]:
    """A track of the workspace, checked by its job."""

    def add(data: bytes, title: str = "Sunrise") -> Any:
        values = {"title": title, "licence": "CC-BY-4.0", "source": "https://example.org/sunrise", "credit": "Ada"}
        card = do(music.add, NewTrack(upload_id=upload(data, f"{title}.wav"), **values), request_key=title)
        payload = TrackPayload(**do(lambda tx: tx.get_one(Job, card.job_id).payload))
        context = make_context(studio, workspace, "music-import", payload, job_id=card.job_id)
        result = run_import(context, payload)
        assert run_import(next_attempt(context), payload) == result, "after a crash nothing is stored again"
        return do(music.get, card.id)

    return add


def test_a_track_is_checked_levelled_and_used(do: Any, add: Any, studio: App) -> None:
    card = add(tone(4.0, 0.05))
    assert card.is_ready
    assert card.seconds == pytest.approx(4, abs=0.05)
    assert len(card.peaks) > 50
    file = do(assets.get, card.asset_id)
    assert (file.kind, file.content_type, [use.noun for use in do(assets.uses, file.id)]) == ("audio", "audio/mp4", ["track"])
    used = do(music.usable, card.id)
    assert used.gain_db == pytest.approx(-15.5 - card.lufs, abs=0.01)
    assert used.gain_db > 5, "a quiet track is made as loud as the others"
    assert [track.id for track in do(music.page).cards] == [card.id, "morning-walk", "city-lights"]
    assert do(music.find, "sunRise").id == card.id
    reel = do(reels.create, ReelDraft(script="Hello there.", music_track_id=card.id, voice_id=None))
    assert [(use.noun, use.id) for use in do(music.uses, [card.id])[card.id]] == [("reel", reel.id)]


def test_a_deleted_track_is_refused_before_anything_is_rendered_and_comes_back(do: Any, add: Any) -> None:
    card = add(tone(4.0))
    reel = do(reels.create, ReelDraft(script="Hello there.", music_track_id=card.id))
    do(music.delete, card.id)
    assert card.id not in do(music.choices)
    with pytest.raises(Invalid, match="“Sunrise” was deleted"):
        do(reels.render, reel.id, request_key="r")
    with pytest.raises(Invalid, match="was deleted"):
        do(reels.create, ReelDraft(script="Hello.", music_track_id=card.id))
    values = {name: getattr(reel, name) for name in ReelDraft.model_fields}
    assert do(reels.save, reel.id, ReelDraft(**{**values, "title": "New"})).title == "New", "the rest can still be changed"
    assert [(item.kind, item.title) for item in do(trash.page).cards] == [("track", "Sunrise")]
    assert do(trash.restore, [TrashItem(kind="track", id=card.id)]) == 1
    assert do(reels.render, reel.id, request_key="r").state == "pending"
    do(music.delete, card.id)
    assert do(trash.empty) == 1
    with pytest.raises(NotFound, match="no such music"):
        do(music.get, card.id)


def test_what_is_no_music_is_refused_with_a_sentence(do: Any, upload: Any, add: Any, studio: App) -> None:
    full = {"title": "A", "licence": "CC0-1.0", "source": "Ada", "credit": ""}
    for changes, sentence in (
        ({"title": " "}, "title"),
        ({"licence": ""}, "licence"),
        ({"source": ""}, "where the music is from"),
        ({"licence": "CC BY-NC 4.0"}, "commercial use"),
        ({"licence": "CC-BY-ND-4.0", "credit": "Ada"}, "changes"),
        ({"licence": "CC-BY-4.0"}, "author named"),
    ):
        with pytest.raises(Invalid, match=sentence):
            do(music.add, NewTrack(upload_id="up_1", **{**full, **changes}), request_key=sentence)
    with pytest.raises(NotFound, match="upload does not exist"):
        do(music.add, NewTrack(upload_id="up_1", **full), request_key="no upload")
    upload_id = upload(tone(3.5), "x.wav")
    card = do(music.add, NewTrack(upload_id=upload_id, **full), request_key="once")
    assert do(music.add, NewTrack(upload_id=upload_id, **full), request_key="once").id == card.id
    with pytest.raises(Conflict, match="used already"):
        do(music.add, NewTrack(upload_id=upload_id, **full), request_key="twice")
    with pytest.raises(Invalid, match="cannot be used yet"):
        do(music.usable, card.id)
    with pytest.raises(Rejected, match="shorter than 3 seconds"):
        add(tone(1.0), "Short")
    assert card.id in {track.id for track in do(music.page).cards}
    do(music.delete, card.id)
    assert do(trash.count)["track"] == 0, "what was never heard is not kept"
    for verb in (music.delete, lambda tx, track_id: music.save(tx, track_id, TrackDraft(**full))):
        with pytest.raises(Invalid, match="came with the studio"):
            do(verb, "morning-walk")


def test_the_track_of_another_workspace_does_not_exist(do: Any, add: Any, studio: App, other_workspace: Tenant) -> None:
    card = add(tone(4.0))
    with studio.db.transaction(other_workspace.editor.caller, needs="editor") as tx:
        assert [track.id for track in music.page(tx).cards] == ["morning-walk", "city-lights"]
        with pytest.raises(NotFound, match="no such music"):
            reels.create(tx, ReelDraft(script="Hello.", music_track_id=card.id), scenes=[SceneDraft(words="Hello.")])
