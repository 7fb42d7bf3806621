"""A person's own recording for a scene: from the microphone or a file, to listen to, and to let go."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from backend import jobs, reels
from backend.assets import uploads
from backend.language import tr, tr_lazy
from backend.reels import SCENE_NOUN, ReelCard, SceneCard
from studio.jobs.jobs import follow
from studio.reels.changes import change
from studio.shell.frame import Page
from studio.ui.format import media_url, plain, size
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import toast_errors
from studio.ui.uploader import Uploaded, uploader

_ACCEPT = ".mp3,.wav,.m4a,.ogg,.oga,.opus,.flac"


def draw(page: Page, card: ReelCard, scene: SceneCard) -> None:
    if scene.recording_asset_id:
        st.caption(tr("Your recording is heard in this scene."))
        st.audio(media_url(page.workspace.id, scene.recording_asset_id))
    if not page.can_edit:
        return
    with page.transaction() as tx:
        job = jobs.latest(tx, (SCENE_NOUN, scene.id), "reel-recording")
    checking = job is not None and follow(page, job, key=f"recording:{scene.id}")
    if scene.recording_asset_id:
        st.button(
            tr("Use the voice again"),
            icon=":material/voice_over_off:",
            key=f"unrecord:{scene.id}",
            on_click=_let_go,
            args=(page, card, scene),
        )
    if not checking:
        label = tr("Record again") if scene.recording_asset_id else tr("Record it yourself")
        with st.popover(label, icon=":material/mic:"):
            st.caption(tr("Your own recording instead of the voice"))  # as help it would lie over what the button opens
            _record(page, card, scene)


def _let_go(page: Page, card: ReelCard, scene: SceneCard) -> None:
    change(page, card, tr_lazy("Recording changed"), lambda tx: reels.set_recording(tx, card.id, scene.id, None))


def _record(page: Page, card: ReelCard, scene: SceneCard) -> None:
    microphone, file = st.tabs([tr("Microphone"), tr("File")])
    with microphone:
        if scene.words:
            st.markdown(plain(scene.words))
        sound = st.audio_input(tr("Say the words of this scene"), sample_rate=48_000, key=f"recording:{scene.id}:microphone")
        pressed = st.button(tr("Send the recording"), type="primary", disabled=sound is None, key=f"recording:{scene.id}:send")
        if pressed and sound is not None:
            with page.guard(), st.spinner(tr("Sending")):
                _take(page, card.id, scene.id, _stored(page, scene.id, sound.getvalue()))
                st.rerun()
    with file:
        limit = page.app.settings.uploads.max_music_size
        uploader(
            f"recording:{scene.id}:file",
            workspace=page.workspace.id,
            noun=SCENE_NOUN,
            noun_id=scene.id,
            accept=_ACCEPT,
            max_bytes=limit,
            label=tr("Drop the recording here"),
            hint=tr("MP3, WAV, M4A, Ogg or FLAC, up to {limit} and a minute", limit=size(limit)),
            folders=False,
            multiple=False,
            on_done=partial(_uploaded, page, card.id, scene.id),
        )


def _stored(page: Page, scene_id: str, data: bytes) -> str:
    """The id of the upload that holds what the microphone recorded. The same recording again is the same upload."""
    with page.transaction(needs="editor") as tx:
        upload = uploads.announce(
            tx,
            settings=page.app.settings,
            noun=SCENE_NOUN,
            noun_id=scene_id,
            filename="microphone.wav",
            size=len(data),
            client_key=hashlib.sha256(data).hexdigest(),
        )
    if not upload.skip:
        open_tx = partial(page.transaction, needs="editor")
        uploads.receive(open_tx, page.app.storage, settings=page.app.settings, upload_id=upload.id, chunks=[data])
    return upload.id


def _uploaded(page: Page, reel_id: str, scene_id: str, uploaded: Uploaded) -> None:
    if uploaded.ids:
        with toast_errors():
            _take(page, reel_id, scene_id, uploaded.ids[-1])


def _take(page: Page, reel_id: str, scene_id: str, upload_id: str) -> None:
    form = f"recording:{scene_id}"
    with page.transaction(needs="editor") as tx:
        reels.record_scene(tx, reel_id, scene_id, upload_id, request_key=request_key(form))
    renew_request_key(form)
