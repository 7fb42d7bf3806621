"""One consent: the statement to read, its recording, the check, the voices made of it, and revoking it."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from backend import consents, jobs, voices
from backend.assets import uploads
from backend.consents import UPLOAD_NOUN, ConsentCard
from backend.consents.schemas import RecordingDraft
from backend.language import joined, tr, worded
from backend.voices import CloneDraft, VoiceCard, VoiceUse
from studio.jobs.jobs import follow
from studio.shell import nav
from studio.shell.frame import Page
from studio.ui.format import date_text, esc, media_url, plain, size
from studio.ui.forms import renew_request_key, request_key, submit_once
from studio.ui.notices import queue_toast, toast_errors
from studio.ui.uploader import Uploaded, uploader

_ACCEPT = ".mp3,.wav,.m4a,.ogg,.oga,.opus,.flac"


def draw(page: Page, card: ConsentCard) -> None:
    if card.state == "revoked":
        st.error(plain(joined(tr("Revoked."), card.revoke_reason)), icon=":material/block:")
    with st.container(border=True):
        st.markdown(f"#### “{plain(card.statement)}”")
    with page.transaction() as tx:
        check = jobs.get(tx, card.job_id) if card.job_id else None
    if card.state == "checking":
        follow(page, check, key="consent")
    elif card.problem:
        st.warning(plain(worded(card.problem)), icon=":material/warning:")
    _recording(page, card)
    if card.state in ("unread", "refused") and page.can_edit:
        _record(page, card)
    _voices(page, card)
    if card.state not in ("revoked", "expired") and page.can_edit:
        _revoke(page, card)


def _recording(page: Page, card: ConsentCard) -> None:
    if card.asset_id is None:
        return
    src = media_url(page.workspace.id, card.asset_id)
    st.html(
        f'<audio controls preload="metadata" src="{esc(src)}" style="width:100%" aria-label="{esc(tr("Recording"))}"></audio>'
    )
    recorded = tr("Recorded on {date}.", date=date_text(card.recorded_at)) if card.recorded_at else ""
    st.markdown(joined(_check_text(card), recorded))
    if card.transcript:
        with st.expander(tr("Recognised text")):
            st.markdown(plain(card.transcript))
    can_confirm = card.transcript_check in ("differs", "unchecked") and card.state in ("refused", "valid")
    if can_confirm and page.is_owner:
        st.button(
            tr("I listened to it: it is the statement"), icon=":material/hearing:", on_click=_confirm, args=(page, card.id)
        )


def _check_text(card: ConsentCard) -> str:
    """What the comparison of the recording with the statement found, as Streamlit markdown."""
    share = card.match or 0.0
    match card.transcript_check:
        case "matched":
            badge = f":green-badge[{tr('Matches')}]"
            return f"{badge} {tr('The recording is the statement ({share:.0%} of its words were recognised).', share=share)}"
        case "differs":
            badge = f":red-badge[{tr('Differs')}]"
            return f"{badge} {tr('{share:.0%} of the words of the statement were recognised.', share=share)}"
        case "confirmed":
            return f":green-badge[{tr('Confirmed')}] {tr('An owner listened to it.')}"
        case _:
            badge = f":orange-badge[{tr('Not checked')}]"
            return f"{badge} {tr('There is no speech recognition for this language. Listen to it.')}"


def _record(page: Page, card: ConsentCard) -> None:
    microphone, file = st.tabs([tr("Microphone"), tr("File")])
    with microphone:
        sound = st.audio_input(tr("Read the statement aloud"), sample_rate=48_000, key=f"consent:{card.id}:microphone")
        if st.button(tr("Send the recording"), type="primary", disabled=sound is None) and sound is not None:
            data = sound.getvalue()
            with page.guard(), st.spinner(tr("Sending")):
                _take(page, card.id, _stored(page, card.id, data))
                st.rerun()
    with file:
        limit = page.app.settings.uploads.max_music_size
        uploader(
            f"consent:{card.id}:file",
            workspace=page.workspace.id,
            noun=UPLOAD_NOUN,
            noun_id=card.id,
            accept=_ACCEPT,
            max_bytes=limit,
            label=tr("Drop the recording here"),
            hint=tr("MP3, WAV, M4A, Ogg or FLAC, up to {limit} and 5 minutes", limit=size(limit)),
            folders=False,
            multiple=False,
            on_done=partial(_uploaded, page, card.id),
        )


def _stored(page: Page, consent_id: str, data: bytes) -> str:
    """The id of the upload that holds what the microphone recorded. The same recording again is the same upload."""
    with page.transaction(needs="editor") as tx:
        upload = uploads.announce(
            tx,
            settings=page.app.settings,
            noun=UPLOAD_NOUN,
            noun_id=consent_id,
            filename="microphone.wav",
            size=len(data),
            client_key=hashlib.sha256(data).hexdigest(),
        )
    if not upload.skip:
        open_tx = partial(page.transaction, needs="editor")
        uploads.receive(open_tx, page.app.storage, settings=page.app.settings, upload_id=upload.id, chunks=[data])
    return upload.id


def _uploaded(page: Page, consent_id: str, uploaded: Uploaded) -> None:
    if uploaded.ids:
        with toast_errors():
            _take(page, consent_id, uploaded.ids[-1])


def _take(page: Page, consent_id: str, upload_id: str) -> None:
    with page.transaction(needs="editor") as tx:
        draft = RecordingDraft(consent_id=consent_id, upload_id=upload_id)
        consents.record(tx, draft, request_key=request_key(f"consent:{consent_id}"))
    renew_request_key(f"consent:{consent_id}")


def _confirm(page: Page, consent_id: str) -> None:
    def write() -> None:
        with page.transaction(needs="owner") as tx:
            consents.confirm(tx, consent_id)

    with toast_errors():
        submit_once(f"confirm:{consent_id}", None, write)


def _voices(page: Page, card: ConsentCard) -> None:
    with page.transaction() as tx:
        copies = voices.choices(tx, consent_id=card.id)
        uses = voices.made_with(tx, card.id)
        copying = jobs.latest(tx, ("consent", card.id), "voice-clone")
    if card.state == "valid" or copies:
        st.subheader(tr("Copies of the voice"), anchor=False)
    for voice in copies:
        st.markdown(f"**{plain(voice.title)}** · {plain(voice.engine)} · {plain(worded(voice.licence))} · {_age(voice)}")
    if card.state == "valid" and not follow(page, copying, key="clone"):
        _offer_copy(page, card, {voice.engine for voice in copies})
    if uses:
        with st.expander(tr("Made with it ({n})", n=len(uses))):
            for use in uses:
                st.markdown(_use(page, use))


def _age(voice: VoiceCard) -> str:
    return tr("can no longer be used") if voice.refusal else tr("since {date}", date=date_text(voice.created_at))


def _offer_copy(page: Page, card: ConsentCard, done: set[str]) -> None:
    engines = [engine for engine in voices.cloners(page.app.engines.speech, card.language) if engine.name not in done]
    if not engines and not done:
        st.info(
            tr(
                "No engine here copies voices in this language. ELEVENLABS_API_KEY or Pocket TTS with voice "
                "cloning (SPEECH_MODELS_DIR) can; ask the person who runs the studio."
            )
        )
    for engine in engines:
        st.caption(
            tr(
                "Only the recording above is sent to {engine}. Revoking deletes the copy there.",
                engine=plain(engine.title),
            )
            if engine.keeps_copies
            else tr("{engine} uses the recording above, on this machine. It keeps no copy.", engine=plain(engine.title))
        )
        if page.can_edit:
            label = tr("Copy the voice with {engine}", engine=engine.title)
            st.button(label, icon=":material/graphic_eq:", on_click=_copy, args=(page, card.id, engine.name))


def _copy(page: Page, consent_id: str, engine: str) -> None:
    form = f"clone:{consent_id}:{engine}"
    with toast_errors():
        with page.transaction(needs="editor") as tx:
            draft = CloneDraft(consent_id=consent_id, engine=engine)
            voices.start_clone(tx, page.app.engines.speech, draft, request_key=request_key(form))
        renew_request_key(form)


def _use(page: Page, use: VoiceUse) -> str:
    url = nav.url("create/reels", {"id": use.id}) if use.noun == "reel" else media_url(page.workspace.id, use.id)
    return f"- [{plain(worded(use.title))}]({url})"


def _revoke(page: Page, card: ConsentCard) -> None:
    with st.popover(tr("Revoke…"), icon=":material/block:", type="tertiary"):
        st.markdown(
            tr(
                "The copied voice of {name} cannot be used from now on, jobs that wait for it fail, and "
                "the copy is deleted at its engine. What was made stays until you delete it. This cannot be "
                "undone.",
                name=plain(card.subject_name),
            )
        )
        reason = st.text_input(tr("Reason"), max_chars=500, placeholder=tr("They asked for it"))
        pressed = st.button(tr("Revoke"), type="primary")
    if pressed:
        with page.guard():
            with page.transaction(needs="editor") as tx:
                consents.revoke(tx, card.id, reason)
            queue_toast(tr("Revoked."))
            st.rerun()
