"""How an influencer sounds: voice and pace, a text to try them with, and the workspace's pronunciations."""

from __future__ import annotations

import streamlit as st

from backend import jobs, voices
from backend.influencers import InfluencerCard
from backend.jobs import JobCard
from backend.language import Reader, reading, tr, tr_lazy, worded
from backend.voices import ChosenVoice, OfferedVoice, PreviewDraft, VoiceCard
from studio.jobs.jobs import follow, retry
from studio.shell.frame import Page
from studio.ui.buttons import icon_button
from studio.ui.format import esc, media_url, plain
from studio.ui.forms import renew_request_key, request_key

_TIMED = {
    "engine": tr_lazy("Word times come from the voice itself."),
    "aligned": tr_lazy("Word times are measured in the sound."),
    "sentence": tr_lazy("Times are per sentence: there is no aligner for this language."),
    "none": tr_lazy("No word times."),
}


_ADDED = "lexicon:added"


def voice_section(page: Page, influencer: InfluencerCard) -> None:
    st.subheader(tr("Voice"), anchor=False)
    with page.transaction() as tx:
        choice = voices.for_influencer(tx, influencer.id)
    if choice and choice.voice.refusal:
        st.warning(plain(worded(choice.voice.refusal)), icon=":material/block:")
    offers = _offers(page, influencer, choice)
    if not offers:
        st.info(tr("No voice for this language. Put a Piper voice into SPEECH_MODELS_DIR, or choose another language."))
        return
    left, right = st.columns(2, gap="large")
    with left:
        _choice_form(page, influencer, choice, offers)
        _preview(page, influencer)
        page.link("settings/consents", tr("Clone a voice, with consent"), icon=":material/record_voice_over:")
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
    return OfferedVoice(
        engine=voice.engine,
        engine_title=engine.title if engine else voice.engine,
        name=voice.engine_voice,
        title=voice.title,
        language=voice.language,
        quality=voice.quality,
        licence=voice.licence,
        paid=engine is not None and engine.paid,
        weights_sha256=voice.weights_sha256,
        voice_id=voice.id,
    )


def _label(offer: OfferedVoice) -> str:
    title = tr("{name} (cloned)", name=offer.title) if offer.voice_id else worded(offer.title)
    return " · ".join([title, worded(offer.engine_title), *([tr("paid")] if offer.paid else [])])


def _greeting(influencer: InfluencerCard) -> str:
    """In the language that the voice speaks, as far as the studio knows it."""
    with reading(Reader(language=influencer.language[:2])):
        return tr("Hello, I am {name}.", name=influencer.name)


def _choice_form(page: Page, influencer: InfluencerCard, choice: ChosenVoice | None, offers: list[OfferedVoice]) -> None:
    key = f"voice:{influencer.id}"
    with st.form(key, border=False):
        offer = st.selectbox(tr("Voice"), offers, format_func=_label, disabled=not page.can_edit)
        speed = st.slider(tr("Speed"), 0.5, 2.0, choice.speed if choice else 1.0, 0.05, disabled=not page.can_edit)
        sample = next(iter(influencer.persona.sample_lines), "") or _greeting(influencer)
        text = st.text_area(tr("Text to try"), sample, max_chars=500, help=tr("[pause 1 s] is a second of silence."), height=90)
        with st.container(horizontal=True):
            listen = st.form_submit_button(tr("Listen"), icon=":material/volume_up:", disabled=not page.can_edit)
            save = st.form_submit_button(tr("Save voice"), disabled=not page.can_edit)
    st.caption(
        plain(
            " ".join(
                [
                    tr("Licence: {licence}.", licence=worded(offer.licence)),
                    *([tr("Sounds robotic.")] if offer.quality == "robotic" else []),
                ]
            )
        )
    )
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
            st.toast(tr("Saved."), icon=":material/check:")
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
        st.button(tr("Speak again"), on_click=_speak_again, args=(page, job))


def _player(page: Page, job: JobCard) -> None:
    result = job.result or {}
    src = media_url(page.workspace.id, str(result["assetId"]))
    label = esc(tr("Voice preview"))
    st.html(f'<audio controls preload="metadata" src="{esc(src)}" style="width:100%" aria-label="{label}"></audio>')
    st.caption(tr("{seconds:.1f} s.", seconds=result["durationS"]) + " " + worded(_TIMED[result["timingSource"]]))


def _speak_again(page: Page, job: JobCard) -> None:
    """The lost answer may have been paid; the person has read so and wants the words again."""
    retry(page, job, before=lambda tx: voices.forget_lost(tx, job.subject_id))


def _pronunciations(page: Page) -> None:
    st.markdown(tr("**Pronunciations**"))
    st.caption(tr("How voices say a word or a name, for the whole workspace. Subtitles keep the written form."))
    with page.transaction() as tx:
        entries = voices.lexicon(tx)
    for entry in entries:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{plain(entry.written)} → *{plain(entry.spoken)}*", width="stretch")
            if page.can_edit and icon_button(tr("Remove"), ":material/close:", key=f"lexicon:{entry.id}"):
                _remove(page, entry.id)
    if page.can_edit:
        _new_pronunciation(page)
    elif not entries:
        st.caption(tr("None yet."))


def _new_pronunciation(page: Page) -> None:
    # A new form after each that was taken; one that was refused keeps what was typed.
    count = st.session_state.setdefault(_ADDED, 0)
    bar = st.form(f"lexicon:new:{count}", border=False)
    with bar, st.container(horizontal=True, vertical_alignment="bottom"):
        written = st.text_input(tr("Written"), placeholder="Nguyen", max_chars=100, key=f"lexicon:written:{count}")
        spoken = st.text_input(tr("Spoken"), placeholder="win", max_chars=100, key=f"lexicon:spoken:{count}")
        submitted = st.form_submit_button(tr("Add"))
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
