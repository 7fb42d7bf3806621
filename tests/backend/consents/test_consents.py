"""Consents and the copies of voices that they allow: read aloud, compared, used where they may be, and ended at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend import assets, consents, jobs, reels, voices
from backend.app import App
from backend.assets import uploads
from backend.bootstrap import bootstrap
from backend.consents import ConsentCard, ConsentDraft, ConsentEnded, rules
from backend.consents.pipeline import run_check
from backend.consents.queries import today
from backend.consents.schemas import RecordingDraft, RecordingPayload
from backend.db.tables import Consent, EventRow, Job, Reel, Voice
from backend.errors import Cancelled, Conflict, Invalid, NotFound, NotPermitted, Rejected, Unavailable, Unsupported
from backend.reels import ReelDraft, ReelVariantDraft
from backend.settings import Settings
from backend.voices import CloneDraft, PreviewDraft
from backend.voices.pipeline import run_clone, run_removal
from backend.voices.schemas import ClonePayload, PreviewPayload, RemovalPayload
from tests.backend.music.test_music import tone
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.fakes.speech import DeafAligner, FakeCloner, FakeSpeech, FakeTranscriber
from tests.support.context import make_context, next_attempt


@pytest.fixture
def cloner() -> FakeCloner:
    return FakeCloner()


@pytest.fixture
def transcriber() -> FakeTranscriber:
    return FakeTranscriber()


@pytest.fixture
def studio(settings: Settings, cloner: FakeCloner, transcriber: FakeTranscriber) -> Iterator[App]:
    speech = {"fake": FakeSpeech(), "copier": cloner}
    built = bootstrap(settings, engines=SimpleNamespace(speech=speech, aligner=DeafAligner(), transcriber=transcriber))
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
def upload(studio: App, workspace: Tenant, do: Any) -> Callable[..., str]:
    """`upload(consent, data)`: sound for a consent; returns the upload's id."""

    def upload(consent: ConsentCard, data: bytes, name: str = "a.wav") -> str:
        values = {"noun": consents.UPLOAD_NOUN, "noun_id": consent.id, "filename": name, "client_key": f"{name}{len(data)}"}
        announced = do(uploads.announce, settings=studio.settings, size=len(data), **values)

        def open_tx() -> Any:
            return studio.db.transaction(workspace.editor.caller, needs="editor")

        uploads.receive(open_tx, studio.storage, settings=studio.settings, upload_id=announced.id, chunks=[data])
        return str(announced.id)

    return upload


@pytest.fixture
def check(studio: App, workspace: Tenant, do: Any, upload: Any) -> Callable[..., Any]:
    """`check(consent, sound)`: uploads it and runs its job; returns the job's result."""

    def check(consent: ConsentCard, data: bytes = tone(6)) -> Any:
        upload_id = upload(consent, data)
        card = do(consents.record, RecordingDraft(consent_id=consent.id, upload_id=upload_id), request_key=upload_id)
        payload = RecordingPayload(consent_id=consent.id, upload_id=upload_id)
        ctx = make_context(studio, workspace, "consent-check", payload, job_id=card.job_id)
        try:
            return run_check(ctx, payload)
        finally:
            finish(do, str(card.job_id))

    return check


def finish(do: Any, job_id: str) -> None:
    do(lambda tx: tx.execute(update(Job).where(Job.id == job_id).values(state="completed")))


@pytest.fixture
def valid(do: Any, check: Any, transcriber: FakeTranscriber) -> Callable[..., ConsentCard]:
    """`valid(**draft)`: a consent whose statement was read."""

    def valid(**values: Any) -> ConsentCard:
        consent = do(consents.create, ConsentDraft(**{"subject_name": "Anna Bell", "language": "en", **values}))
        transcriber.text = consent.statement.lower()
        check(consent)
        card: ConsentCard = do(consents.get, consent.id)
        assert card.state == "valid"
        return card

    return valid


@pytest.fixture
def clone(studio: App, workspace: Tenant, do: Any) -> Callable[[ConsentCard], str]:
    """`clone(consent)`: a voice made from it; returns its id."""

    def clone(consent: ConsentCard) -> str:
        draft = CloneDraft(consent_id=consent.id, engine="copier")
        job = do(voices.start_clone, studio.engines.speech, draft, request_key=f"clone-{consent.id}")
        payload = ClonePayload(consent_id=consent.id, engine="copier", title="Anna")
        result = run_clone(make_context(studio, workspace, "voice-clone", payload, job_id=job.id), payload)
        finish(do, job.id)
        return str(result["voiceId"])

    return clone


def test_the_statement_names_person_workspace_influencer_and_day_and_ends_in_fresh_words(do: Any, workspace: Tenant) -> None:
    influencer = do(lambda tx: make_influencer(tx, "Bella"))
    draft = ConsentDraft(subject_name="Anna Bell", language="it", influencer_id=influencer.id, expires_on="2099-05-01")
    first, second = do(consents.create, draft), do(consents.create, draft)
    for part in ("Mi chiamo Anna Bell.", "per Bella fino al 2099-05-01", "Posso ritirare"):
        assert part in first.statement
    assert first.statement != second.statement
    assert first.state == "unread"
    with pytest.raises(Invalid, match="Italian"):
        do(consents.create, ConsentDraft(subject_name="Anna", language="xx"))
    with pytest.raises(Invalid, match="over already"):
        do(consents.create, ConsentDraft(subject_name="Anna", language="en", expires_on="2020-01-01"))
    with pytest.raises(NotFound):
        do(consents.create, ConsentDraft(subject_name="Anna", language="en", influencer_id="inf_nobody"))


def test_a_recording_is_compared_and_another_text_is_refused_until_it_is_read_or_confirmed(
    studio: App, workspace: Tenant, do: Any, check: Any, transcriber: FakeTranscriber
) -> None:
    consent = do(consents.create, ConsentDraft(subject_name="Anna Bell", language="en"))
    transcriber.text = "the quick brown fox jumps over the lazy dog " * 6
    assert check(consent)["transcriptCheck"] == "differs"
    card = do(consents.get, consent.id)
    assert (card.state, card.transcript_check) == ("refused", "differs")
    with pytest.raises(ConsentEnded):
        do(consents.check_usable, consent.id)
    with pytest.raises(NotPermitted), studio.db.transaction(workspace.editor.caller, needs="owner") as tx:
        consents.confirm(tx, consent.id)
    old_words = consent.statement.rpartition(":")[0].lower() + " one two three four five"
    transcriber.text = old_words  # a recording of an earlier day: all but the fresh words
    assert check(consent, tone(7))["transcriptCheck"] == "differs"
    transcriber.text = consent.statement.lower()
    result = check(consent, tone(8))
    assert (result["transcriptCheck"], result["match"]) == ("matched", 1.0)
    card = do(consents.get, consent.id)
    assert (card.state, card.asset_id) == ("valid", result["assetId"])
    assert card.recorded_at > card.created_at
    assert do(assets.get, card.asset_id).state == "stored"
    with pytest.raises(Conflict, match="valid"):
        check(consent, tone(9))


@pytest.mark.parametrize("language", rules.LANGUAGES)
def test_no_random_word_is_heard_in_the_words_of_every_statement(language: str) -> None:
    for word in {word for _ in range(40) for word in rules.fresh_words(language)}:
        text = rules.statement(language, name="Anna", company="Studio", influencer="", expires_on=None, words=[word])
        assert rules.match(text, [word], text)[1]
        recorded_before = text.rpartition(":")[0]
        assert not rules.match(text, [word], recorded_before)[1], word


def test_where_no_recogniser_knows_the_language_it_is_said_and_an_owner_may_confirm(
    studio: App, workspace: Tenant, do: Any, check: Any
) -> None:
    consent = do(consents.create, ConsentDraft(subject_name="Anna Bell", language="de"))
    assert check(consent)["match"] is None
    card = do(consents.get, consent.id)
    assert (card.state, card.transcript_check) == ("valid", "unchecked")
    with studio.db.transaction(workspace.owner.caller, needs="owner") as tx:
        assert consents.confirm(tx, consent.id).transcript_check == "confirmed"
        with pytest.raises(Conflict):
            consents.confirm(tx, consent.id)


@pytest.mark.parametrize(
    ("data", "sentence"), [(tone(2), "shorter"), (b"no sound" * 99, "sound file cannot be used"), (tone(6, 0), "silent")]
)
def test_what_is_no_reading_is_refused_and_can_be_recorded_again(do: Any, check: Any, data: bytes, sentence: str) -> None:
    consent = do(consents.create, ConsentDraft(subject_name="Anna Bell", language="de"))
    with pytest.raises(Rejected, match=sentence):
        check(consent, data)
    assert do(consents.get, consent.id).state == "refused"
    assert check(consent, tone(8))["transcriptCheck"] == "unchecked"


def test_old_words_and_recordings_of_others_are_not_taken(do: Any, upload: Any) -> None:
    consent, other = (do(consents.create, ConsentDraft(subject_name="Anna Bell", language="en")) for _ in range(2))
    upload_id = upload(other, tone(6))
    with pytest.raises(NotFound):
        do(consents.record, RecordingDraft(consent_id=consent.id, upload_id=upload_id), request_key="k")
    do(lambda tx: tx.execute(update(Consent).values(created_at=Consent.created_at - timedelta(hours=25))))
    with pytest.raises(Conflict, match="more than a day old"):
        do(consents.record, RecordingDraft(consent_id=other.id, upload_id=upload_id), request_key="k")


def test_a_voice_is_copied_once_from_the_recording_and_says_what_it_is(
    studio: App, workspace: Tenant, do: Any, valid: Any, clone: Any, cloner: FakeCloner
) -> None:
    consent = valid()
    voice_id = clone(consent)
    card = do(voices.get, voice_id)
    assert (card.kind, card.engine, card.licence, card.consent_id, card.refusal) == ("cloned", "copier", "MIT", consent.id, "")
    recording = do(assets.get, consent.asset_id)
    assert cloner.copies["copy0"][0] == studio.storage.read(recording.key)
    with pytest.raises(Conflict, match="already"):
        do(voices.start_clone, studio.engines.speech, CloneDraft(consent_id=consent.id, engine="copier"), request_key="again")
    with pytest.raises(Invalid, match=r"can: copier\."):
        do(voices.start_clone, studio.engines.speech, CloneDraft(consent_id=consent.id, engine="fake"), request_key="x")
    unread = do(consents.create, ConsentDraft(subject_name="Carl", language="en"))
    with pytest.raises(ConsentEnded, match="no valid consent"):
        do(voices.start_clone, studio.engines.speech, CloneDraft(consent_id=unread.id, engine="copier"), request_key="y")


def test_a_worker_that_dies_after_the_copy_makes_no_second_one(
    studio: App, workspace: Tenant, valid: Any, cloner: FakeCloner
) -> None:
    payload = ClonePayload(consent_id=valid().id, engine="copier", title="Anna")
    ctx = make_context(studio, workspace, "voice-clone", payload)

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    cloner.during = die
    with pytest.raises(Killed):
        run_clone(ctx, payload)
    cloner.during = lambda: None
    run_clone(next_attempt(ctx), payload)
    assert list(cloner.copies) == ["copy0"]


def test_a_consent_that_ends_while_the_voice_is_copied_leaves_no_copy(
    studio: App, workspace: Tenant, do: Any, valid: Any, cloner: FakeCloner
) -> None:
    consent = valid()
    payload = ClonePayload(consent_id=consent.id, engine="copier", title="Anna")
    cloner.during = lambda: do(consents.revoke, consent.id)
    with pytest.raises(ConsentEnded):
        run_clone(make_context(studio, workspace, "voice-clone", payload), payload)
    assert (cloner.copies, cloner.forgotten) == ({}, ["copy0"])
    assert do(lambda tx: tx.scalars(select(Voice)).all()) == []


def test_a_copy_that_nobody_wrote_down_is_deleted_when_the_consent_ends(
    studio: App, workspace: Tenant, do: Any, valid: Any, cloner: FakeCloner
) -> None:
    consent = valid()
    draft = CloneDraft(consent_id=consent.id, engine="copier")
    job = do(voices.start_clone, studio.engines.speech, draft, request_key="once")
    with pytest.raises(Conflict, match="is copying"):
        do(voices.start_clone, studio.engines.speech, draft, request_key="twice")
    payload = ClonePayload(consent_id=consent.id, engine="copier", title="Anna")
    cloner.copies["copy0"] = b"", job.id  # an attempt made it and died
    do(consents.revoke, consent.id)
    with pytest.raises(ConsentEnded):
        run_clone(make_context(studio, workspace, "voice-clone", payload, job_id=job.id), payload)
    assert (cloner.copies, cloner.forgotten) == ({}, ["copy0"])


def test_a_licence_without_commercial_use_is_refused_when_the_voice_is_added(
    studio: App, workspace: Tenant, valid: Any, cloner: FakeCloner
) -> None:
    cloner.licence, cloner.commercial = "CC-BY-NC-4.0", False
    payload = ClonePayload(consent_id=valid().id, engine="copier", title="Anna")
    with pytest.raises(Unsupported, match="CC-BY-NC"):
        run_clone(make_context(studio, workspace, "voice-clone", payload), payload)
    assert cloner.copies == {}


def test_revoking_ends_the_voice_at_once_fails_what_waits_and_lists_what_was_made(
    studio: App, workspace: Tenant, do: Any, valid: Any, clone: Any, cloner: FakeCloner
) -> None:
    consent = valid()
    voice_id = clone(consent)
    speaking = make_context(studio, workspace, "voice-preview", PreviewPayload(voice_id=voice_id, text="x"))
    spoken = voices.speak(speaking, voice_id, "Hello")
    waiting = do(voices.start_preview, PreviewDraft(voice_id=voice_id, text="Later"), request_key="later")
    reel = do(reels.create, ReelDraft(script="Hello.", voice_id=voice_id))
    rendering = do(lambda tx: reels.render(tx, reel.id, request_key="render"))
    variant = do(reels.add_variant, reel.id, ReelVariantDraft(hook="Hi."))
    varied = do(lambda tx: reels.render(tx, variant.id, request_key="variant"))
    do(lambda tx: tx.execute(update(Reel).where(Reel.id == variant.id).values(asset_id=spoken.asset_id)))
    other = do(voices.start_preview, PreviewDraft(voice_id=add_anna(studio, do), text="Mine"), request_key="other")

    do(consents.revoke, consent.id, "She asked for it.")

    for job_id in (waiting.id, rendering.id, varied.id):
        job = do(jobs.get, job_id)
        assert (job.state, job.error_code) == ("failed", "consent_ended")
        assert "Anna Bell revoked the consent" in job.error_message
        assert "She asked for it" in job.error_message
    assert do(jobs.get, other.id).state == "pending"
    assert "revoked" in do(voices.get, voice_id).refusal
    with pytest.raises(ConsentEnded):
        voices.speak(speaking, voice_id, "Hello")  # not even what was spoken before
    with pytest.raises(ConsentEnded):
        do(voices.start_preview, PreviewDraft(voice_id=voice_id, text="Hello"), request_key="new")
    uses = {(use.noun, use.id) for use in do(voices.made_with, consent.id)}
    assert uses == {("speech", spoken.asset_id), ("reel", variant.id)}
    payload = RemovalPayload(voice_id=voice_id)
    run_removal(make_context(studio, workspace, "voice-removal", payload), payload)
    assert cloner.forgotten == ["copy0"]
    assert do(consents.revoke, consent.id, "Again").revoke_reason == "She asked for it."
    kinds = do(lambda tx: tx.scalars(select(EventRow.kind).where(EventRow.kind.like("consent.%"))).all())
    assert sorted(kinds) == ["consent.created", "consent.revoked"]


def test_what_is_spoken_while_the_consent_is_revoked_is_not_kept(
    studio: App, workspace: Tenant, do: Any, valid: Any, clone: Any, cloner: FakeCloner
) -> None:
    consent = valid()
    voice_id = clone(consent)
    cloner.at = lambda text: do(consents.revoke, consent.id)
    with pytest.raises(ConsentEnded):
        voices.speak(make_context(studio, workspace, "voice-preview", PreviewPayload(voice_id="", text="")), voice_id, "Hello")
    assert do(voices.made_with, consent.id) == []


def test_an_engine_that_keeps_no_copies_is_given_the_recording_while_the_consent_is_valid(
    studio: App, workspace: Tenant, do: Any, valid: Any, clone: Any, cloner: FakeCloner
) -> None:
    cloner.keeps_copies = False
    consent = valid()
    voice_id = clone(consent)
    samples: list[bytes] = []

    def read_sample(text: str) -> None:
        sample = cloner.requests[-1].sample
        assert sample is not None
        samples.append(sample.read_bytes())

    cloner.at = read_sample
    context = make_context(studio, workspace, "voice-preview", PreviewPayload(voice_id="", text=""))
    voices.speak(context, voice_id, "Hello [pause] you")
    assert samples == 2 * [studio.storage.read(do(assets.get, consent.asset_id).key)]
    do(consents.revoke, consent.id)
    with pytest.raises(ConsentEnded):
        voices.speak(context, voice_id, "Goodbye")
    assert len(samples) == 2
    other = valid()
    cloner.problem = "Its weights are those without voice cloning."
    assert voices.cloners(studio.engines.speech, "en") == []
    with pytest.raises(Unsupported, match="without voice cloning"):
        do(voices.start_clone, studio.engines.speech, CloneDraft(consent_id=other.id, engine="copier"), request_key="z")


def test_a_voice_for_one_influencer_is_for_no_other_and_ends_with_its_day(do: Any, valid: Any, clone: Any) -> None:
    bella, other = do(lambda tx: make_influencer(tx, "Bella")), do(lambda tx: make_influencer(tx, "Marco"))
    consent = valid(influencer_id=bella.id, expires_on=today())
    voice_id = clone(consent)
    assert do(voices.get, voice_id).only_for == bella.id
    do(voices.choose, bella.id, voice_id)
    with pytest.raises(ConsentEnded, match="another influencer"):
        do(voices.choose, other.id, voice_id)
    do(lambda tx: tx.execute(update(Consent).values(expires_on=today() - timedelta(days=1))))
    assert do(consents.get, consent.id).state == "expired"
    with pytest.raises(ConsentEnded, match="ended on"):
        do(voices.start_preview, PreviewDraft(voice_id=voice_id, text="Hello"), request_key="late")


def add_anna(studio: App, do: Any) -> str:
    return str(do(voices.add, studio.engines.speech, engine="fake", name="anna").id)


def waiting_removals(do: Any) -> list[RemovalPayload]:
    rows = do(lambda tx: tx.scalars(select(Job.payload).where(Job.kind == "voice-removal", Job.state == "pending")).all())
    return [RemovalPayload.model_validate(row) for row in rows]


def test_the_copy_of_a_consent_that_expired_is_deleted_at_its_engine_once(
    studio: App, workspace: Tenant, do: Any, valid: Any, clone: Any, cloner: FakeCloner
) -> None:
    lasting, ending = valid(), valid(expires_on=today())
    kept, voice_id = clone(lasting), clone(ending)
    assert do(voices.withdraw_ended) == 0
    waiting = do(voices.start_preview, PreviewDraft(voice_id=voice_id, text="Later"), request_key="later")
    do(lambda tx: tx.execute(update(Consent).where(Consent.id == ending.id).values(expires_on=today() - timedelta(days=1))))
    assert (do(voices.withdraw_ended), do(voices.withdraw_ended)) == (1, 0)
    assert do(jobs.get, waiting.id).error_code == "consent_ended"
    [payload] = waiting_removals(do)
    assert payload.voice_id == voice_id
    run_removal(make_context(studio, workspace, "voice-removal", payload), payload)
    assert len(cloner.forgotten) == 1
    assert list(cloner.copies) == [do(voices.get, kept).engine_voice]


def test_what_a_cancelled_clone_left_behind_is_deleted_unless_it_is_tried_again(
    studio: App, workspace: Tenant, do: Any, valid: Any, cloner: FakeCloner
) -> None:
    consent = valid()
    draft = CloneDraft(consent_id=consent.id, engine="copier")
    never_ran = do(voices.start_clone, studio.engines.speech, draft, request_key="never")
    do(jobs.cancel, never_ran.id)
    assert waiting_removals(do) == []
    job = do(voices.start_clone, studio.engines.speech, draft, request_key="once")
    payload = ClonePayload(consent_id=consent.id, engine="copier", title="Anna")

    def cancel() -> None:
        do(jobs.cancel, job.id)
        ctx.cancel_requested = True

    cloner.during = cancel
    ctx = make_context(studio, workspace, "voice-clone", payload, job_id=job.id)
    with pytest.raises(Cancelled):
        run_clone(ctx, payload)
    assert list(cloner.copies) == ["copy0"]
    assert do(voices.delete_left_behind) == 0  # it has not ended yet
    cancelled = {"state": "cancelled", "finished_at": func.clock_timestamp()}
    do(lambda tx: tx.execute(update(Job).where(Job.id == job.id).values(**cancelled)))
    assert (do(voices.delete_left_behind), do(voices.delete_left_behind)) == (1, 0)
    [removal] = waiting_removals(do)
    do(jobs.retry, job.id)
    cloner.during = lambda: None
    with pytest.raises(Unavailable, match="deleted first"):
        run_clone(make_context(studio, workspace, "voice-clone", payload, job_id=job.id), payload)
    deleting = make_context(studio, workspace, "voice-removal", removal)
    assert run_removal(deleting, removal)["deleted"] is False  # the job is being tried again, and takes its copy
    do(lambda tx: tx.execute(update(Job).where(Job.id == job.id).values(**cancelled)))
    assert do(voices.delete_left_behind) == 1
    assert run_removal(deleting, removal)["deleted"] is True
    assert cloner.copies == {}
