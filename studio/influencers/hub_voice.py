"""How an influencer sounds: voice and pace, a text to try them with, and the workspace's pronunciations."""

from __future__ import annotations

import streamlit as st

from backend import jobs, voices
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.voices import ChosenVoice, OfferedVoice, PreviewDraft, VoiceCard
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.buttons import icon_button
from studio.ui.format import esc, media_url, plain
from studio.ui.forms import renew_request_key, request_key

_TIMED = {
    "engine": "Words are timed by the voice itself.",
    "aligned": "Words are timed by the sound.",
    "sentence": "Words are timed by sentences: there is no aligner for this language.",
    "none": "There are no times of words.",
}


_ADDED = "lexicon:added"


def voice_section(page: Page, influencer: InfluencerCard) -> None:
    st.subheader("Voice", anchor=False)
    with page.transaction() as tx:
        choice = voices.for_influencer(tx, influencer.id)
    if choice and choice.voice.refusal:
        st.warning(plain(choice.voice.refusal), icon=":material/block:")
    offers = _offers(page, influencer, choice)
    if not offers:
        st.info("No voice here speaks this language. Put a Piper voice into SPEECH_MODELS_DIR, or choose another language.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _choice_form(page, influencer, choice, offers)
        _preview(page, influencer)
        page.link("settings/consents", "Copy somebody's voice, with their consent", icon=":material/record_voice_over:")
    with right:
        _pronunciations(page)


def _offers(page: Page, influencer: InfluencerCard, choice: ChosenVoice | None) -> list[OfferedVoice]:
    """Voices of her language, hers first; with them the cloned ones that she may have."""
    with page.transaction() as tx:
        copies = [voice for voice in voices.choices(tx) if voice.kind == "cloned" and not voice.refusal]
    offers = [_copy_offer(page, voice) for voice in copies if voice.only_for in (None, influencer.id)]
    offers += voices.offered(page.app.engines.speech, influencer.language[:2])
    chosen = (choice.voice.engine, choice.voice.engine_voice) if choice else ("", "")
    return sorted(offers, key=lambda offer: (offer.engine, offer.name) != chosen)


def _copy_offer(page: Page, voice: VoiceCard) -> OfferedVoice:
    engine = page.app.engines.speech.get(voice.engine)
    title = f"{voice.title} (cloned)"
    return OfferedVoice(
        engine=voice.engine,
        engine_title=engine.title if engine else voice.engine,
        name=voice.engine_voice,
        title=title,
        language=voice.language,
        quality=voice.quality,
        licence=voice.licence,
        paid=engine is not None and engine.paid,
        weights_sha256=voice.weights_sha256,
        voice_id=voice.id,
    )


def _label(offer: OfferedVoice) -> str:
    return f"{offer.title} · {offer.engine_title}" + (" · paid" if offer.paid else "")


def _choice_form(page: Page, influencer: InfluencerCard, choice: ChosenVoice | None, offers: list[OfferedVoice]) -> None:
    key = f"voice:{influencer.id}"
    with st.form(key, border=False):
        offer = st.selectbox("Voice", offers, format_func=_label, disabled=not page.can_edit)
        speed = st.slider("Speed", 0.5, 2.0, choice.speed if choice else 1.0, 0.05, disabled=not page.can_edit)
        sample = next(iter(influencer.persona.sample_lines), "") or f"Hello, I am {influencer.name}."
        text = st.text_area("Text to try", sample, max_chars=500, help="[pause 1 s] is a second of silence.", height=90)
        with st.container(horizontal=True):
            listen = st.form_submit_button("Listen", icon=":material/volume_up:", disabled=not page.can_edit)
            save = st.form_submit_button("Save voice", type="primary", disabled=not page.can_edit)
    st.caption(plain(f"Licence: {offer.licence}." + (" A machine is plainly heard." if offer.quality == "robotic" else "")))
    if not (listen or save):
        return
    with page.guard():
        with page.transaction(needs="editor") as tx:
            added = offer.voice_id or voices.add(tx, page.app.engines.speech, engine=offer.engine, name=offer.name).id
            if save:
                voices.choose(tx, influencer.id, added, speed=speed)
            else:
                draft = PreviewDraft(voice_id=added, text=text or sample, speed=speed)
                job = voices.start_preview(tx, draft, request_key=request_key(key))
                st.session_state[f"{key}:job"] = job.id
        if save:
            st.toast("Saved.", icon=":material/check:")
        else:
            renew_request_key(key)


def _preview(page: Page, influencer: InfluencerCard) -> None:
    job_id = st.session_state.get(f"voice:{influencer.id}:job")
    if not job_id:
        return
    with page.transaction() as tx:
        job = jobs.get(tx, job_id)
    if follow(page, job, key="voice"):
        return
    if job.state == "completed" and job.result:
        _player(page, job)
    elif job.error_code == "speech_lost" and page.can_edit:
        st.button("Speak again", on_click=_speak_again, args=(page, job))


def _player(page: Page, job: JobCard) -> None:
    result = job.result or {}
    src = media_url(page.workspace.id, str(result["assetId"]))
    st.html(
        f'<audio controls preload="metadata" src="{esc(src)}" style="width:100%" aria-label="Preview of the voice"></audio>'
    )
    st.caption(f"{result['durationS']:.1f} s. {_TIMED[result['timingSource']]}")


def _speak_again(page: Page, job: JobCard) -> None:
    """The lost answer may have been paid; the person has read so and wants the words again."""
    with page.guard(), page.transaction(needs="editor") as tx:
        voices.forget_lost(tx, job.subject_id)
        jobs.retry(tx, job.id)


def _pronunciations(page: Page) -> None:
    st.markdown("**Pronunciations**")
    st.caption("How voices say a word or a name, for the whole workspace. Captions keep what is written.")
    with page.transaction() as tx:
        entries = voices.lexicon(tx)
    for entry in entries:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{plain(entry.written)} → *{plain(entry.spoken)}*", width="stretch")
            if page.can_edit and icon_button("Remove", ":material/close:", key=f"lexicon:{entry.id}"):
                _remove(page, entry.id)
    if page.can_edit:
        _new_pronunciation(page)
    elif not entries:
        st.caption("None yet.")


def _new_pronunciation(page: Page) -> None:
    # A new form after each that was taken; one that was refused keeps what was typed.
    count = st.session_state.setdefault(_ADDED, 0)
    bar = st.form(f"lexicon:new:{count}", border=False)
    with bar, st.container(horizontal=True, vertical_alignment="bottom"):
        written = st.text_input("Written", placeholder="Nguyen", max_chars=100, key=f"lexicon:written:{count}")
        spoken = st.text_input("Spoken", placeholder="win", max_chars=100, key=f"lexicon:spoken:{count}")
        submitted = st.form_submit_button("Add")
    if submitted:
        with page.guard():
            with page.transaction(needs="editor") as tx:
                voices.set_pronunciation(tx, written, spoken)
            st.session_state[_ADDED] = count + 1
            st.rerun()


def _remove(page: Page, entry_id: str) -> None:
    with page.guard():
        with page.transaction(needs="editor") as tx:
            voices.remove_pronunciation(tx, entry_id)
        st.rerun()
