"""Voices that are copies of somebody's: made from a consent, unusable when it ends, and what was made with them. A copy that
no consent allows, and one that an unfinished job left behind, is deleted where its engine has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from backend import consents, events, jobs
from backend.db.tables import FINAL, Attempt, Consent, Job, JobState, JobStep, Reel, SpokenAudio, Voice
from backend.engines.ports.speech import SpeechEngine, VoiceCloner
from backend.errors import Conflict, Invalid, NotFound, Unavailable, Unsupported
from backend.jobs import JobCard
from backend.language import tr_lazy
from backend.voices.schemas import (
    CLONE_KIND,
    CLONE_STEP,
    REMOVAL_KIND,
    CloneDraft,
    ClonePayload,
    CloningEngine,
    RemovalPayload,
    VoiceUse,
)

NO_CLONER = tr_lazy("none is set up: set ELEVENLABS_API_KEY, or put Pocket TTS with voice cloning into SPEECH_MODELS_DIR")
_MAX_USES = 100
_LEFT_BEHIND_DAYS = 7
"""For so long after a job that copies a voice has failed or was cancelled, upkeep looks whether its copy was deleted."""


def cloners(engines: Mapping[str, SpeechEngine], language: str = "") -> list[CloningEngine]:
    """The engines that can copy a voice that speaks `language` ("": any). `engines`: `app.engines.speech`."""
    return [
        CloningEngine(engine.name, engine.title, engine.keeps_copies)
        for engine in engines.values()
        if isinstance(engine, VoiceCloner) and not engine.clone_problem(language)
    ]


def start_clone(tx: Session, engines: Mapping[str, SpeechEngine], draft: CloneDraft, *, request_key: str) -> JobCard:
    """Starts a job that copies the voice of a consent's recording. Nothing else is ever copied: no link, no other file.

    Raises NotFound, ConsentEnded (there is no valid consent), Invalid (no such engine), Unsupported (the engine cannot copy
    voices as it is set up), Conflict (there is a copy already, or one is being made).
    """
    tx.execute(select(Consent.id).where(Consent.id == draft.consent_id).with_for_update())  # two at once would make two copies
    consent = consents.check_usable(tx, draft.consent_id)
    engine = engines.get(draft.engine)
    if not isinstance(engine, VoiceCloner):
        choices = ", ".join(cloner.name for cloner in cloners(engines, consent.language)) or NO_CLONER
        raise Invalid(
            tr_lazy("{engine} cannot copy voices here. What can: {choices}.", engine=repr(draft.engine), choices=choices)
        )
    if problem := engine.clone_problem(consent.language):
        raise Unsupported(problem)
    title = draft.title or consent.subject_name
    if job := jobs.find_by_key(tx, request_key):
        return job
    same = select(Voice.id).where(Voice.consent_id == consent.id, Voice.engine == draft.engine)
    if tx.scalar(same) is not None:
        raise Conflict(tr_lazy("There is a copy of this voice by {title} already. Use that one.", title=engine.title))
    copying = jobs.latest(tx, ("consent", consent.id), CLONE_KIND)
    if copying and copying.state not in FINAL and (copying.payload or {}).get("engine") == draft.engine:
        raise Conflict(tr_lazy("{title} is copying this voice already. Wait for it.", title=engine.title))
    return jobs.enqueue(
        tx,
        kind=CLONE_KIND,
        payload=ClonePayload(consent_id=consent.id, engine=draft.engine, title=title),
        title=tr_lazy("Copy of the voice of {name}", name=consent.subject_name),
        request_key=request_key,
        subject=("consent", consent.id),
    )


def withdraw(tx: Session, consent_id: str) -> None:
    """After its consent was revoked or has expired: jobs that wait for the voice fail with the reason, its engine is told to
    delete it. A job that copies it runs once more, and deletes what it may have made."""
    try:
        consents.check_usable(tx, consent_id)
    except consents.ConsentEnded as ended:
        message = ended.message
    else:
        return
    voices = tx.scalars(select(Voice).where(Voice.consent_id == consent_id)).all()
    ids = [voice.id for voice in voices]
    with_voice = or_(
        (Job.subject_noun == "voice") & Job.subject_id.in_(ids),
        (Job.subject_noun == "reel") & Job.subject_id.in_(select(Reel.id).where(_spoken_by(ids))),
        (Job.subject_noun == "consent") & (Job.subject_id == consent_id),
    )
    own_kinds = (CLONE_KIND, REMOVAL_KIND)
    waiting = tx.scalars(select(Job.id).where(Job.state == JobState.PENDING, Job.kind.not_in(own_kinds), with_voice)).all()
    failed = jobs.fail_waiting(tx, waiting, code=consents.ConsentEnded.code, message=message)
    for voice in voices:
        request_key = f"{REMOVAL_KIND}:{voice.id}"
        if jobs.find_by_key(tx, request_key):
            continue
        jobs.enqueue(
            tx,
            kind=REMOVAL_KIND,
            payload=RemovalPayload(voice_id=voice.id),
            title=tr_lazy("Delete the copy: {title}", title=voice.title),
            request_key=request_key,
            subject=("voice", voice.id),
        )
        events.record(tx, "voice.withdrawn", "voice", voice.id, {"consent_id": consent_id, "failed_jobs": failed})


def withdraw_ended(tx: Session) -> int:
    """Withdraws the voices whose consent has expired, and those whose withdrawal was missed. Returns of how many consents."""
    removal = select(Job.id).where(Job.request_key == func.concat(f"{REMOVAL_KIND}:", Voice.id))
    left = select(Voice.consent_id).join(Consent, Consent.id == Voice.consent_id)
    left = left.where(consents.is_over(), ~removal.exists())
    consent_ids = sorted({str(consent_id) for consent_id in tx.scalars(left)})
    for consent_id in consent_ids:
        withdraw(tx, consent_id)
    return len(consent_ids)


def delete_left_behind(tx: Session, consent_id: str = "") -> int:
    """Orders the deletion of copies that jobs may have made which then failed or were cancelled, killed ones too; of one
    consent, or of all. Once for each such end: a job that is tried again and ends so again is looked after again. Returns how
    many deletions were ordered."""
    recent = Job.finished_at > func.clock_timestamp() - text(f"interval '{_LEFT_BEHIND_DAYS} days'")
    query = select(Job.id, Job.payload["engine"].astext, Job.subject_id, func.max(Attempt.id))
    query = query.join(Attempt, Attempt.job_id == Job.id).group_by(Job.id)  # a job that never ran has asked no engine
    query = query.where(Job.kind == CLONE_KIND, Job.state.in_((JobState.FAILED, JobState.CANCELLED)), recent)
    if consent_id:
        query = query.where(Job.subject_id == consent_id)
    count = 0
    for job_id, engine, of_consent, attempt_id in tx.execute(query.order_by(Job.id)).all():
        request_key = f"{REMOVAL_KIND}:{attempt_id}"
        if jobs.find_by_key(tx, request_key):
            continue
        payload = RemovalPayload(clone_job_id=job_id, engine=engine)
        title = tr_lazy("Delete the copy of a voice that was not finished")
        subject = ("consent", of_consent)
        jobs.enqueue(tx, kind=REMOVAL_KIND, payload=payload, title=title, request_key=request_key, subject=subject)
        count += 1
    return count


def left_behind_by(tx: Session, clone_job_id: str) -> bool:
    """Whether a job that copies a voice may have left a copy that nobody owns: it ended without a voice."""
    unsuccessful = Job.state.in_((JobState.FAILED, JobState.CANCELLED))
    written = select(JobStep.name).where(JobStep.job_id == Job.id, JobStep.name == CLONE_STEP)
    return tx.scalar(select(Job.id).where(Job.id == clone_job_id, unsuccessful, ~written.exists())) is not None


def require_no_removal(tx: Session, clone_job_id: str) -> None:
    """Raises Unavailable while what an earlier try of a job left behind is still to be deleted: a new copy bears the same mark,
    and would be deleted with it."""
    removal = select(Job.id).where(Job.kind == REMOVAL_KIND, Job.state.not_in(FINAL))
    if tx.scalar(removal.where(Job.payload["clone_job_id"].astext == clone_job_id).limit(1)):
        raise Unavailable(tr_lazy("What the earlier try left behind is deleted first. Then this one continues."))


def made_with(tx: Session, consent_id: str) -> list[VoiceUse]:
    """What was made with the voices of a consent: texts that were spoken and reels, newest first. Raises NotFound."""
    consents.get(tx, consent_id)
    ids = tx.scalars(select(Voice.id).where(Voice.consent_id == consent_id)).all()
    spoken = select(SpokenAudio.asset_id, Job.title, SpokenAudio.created_at)
    spoken = spoken.join(Attempt, Attempt.id == SpokenAudio.attempt_id).join(Job, Job.id == Attempt.job_id)
    spoken = spoken.where(SpokenAudio.voice_id.in_(ids), SpokenAudio.asset_id.is_not(None))
    spoken = spoken.order_by(SpokenAudio.id.desc()).limit(_MAX_USES)
    reels = select(Reel.id, Reel.title, Reel.created_at).where(_spoken_by(ids), Reel.asset_id.is_not(None))
    uses = chain(
        (VoiceUse("reel", *row) for row in tx.execute(reels.order_by(Reel.id.desc()).limit(_MAX_USES))),
        (VoiceUse("speech", str(asset_id), title, at) for asset_id, title, at in tx.execute(spoken)),
    )
    return sorted(uses, key=lambda use: use.created_at, reverse=True)[:_MAX_USES]


def _spoken_by(voice_ids: Sequence[str]) -> ColumnElement[bool]:
    """Of a reel: it has one of these voices, or is a variant of one that has."""
    original = aliased(Reel)
    variant = Reel.variant_of.in_(select(original.id).where(original.voice_id.in_(voice_ids)))
    return or_(Reel.voice_id.in_(voice_ids), variant)


def check_for(tx: Session, voice_id: str, influencer_id: str | None) -> None:
    """Whether a voice may speak for an influencer now (None: for nobody in particular). Raises NotFound, ConsentEnded."""
    row = tx.get(Voice, voice_id)
    if row is None:
        raise NotFound(tr_lazy("This voice does not exist here any more. Choose another one."))
    require_usable(tx, row.consent_id, influencer_id)


def require_usable(tx: Session, consent_id: str | None, influencer_id: str | None = None) -> None:
    """Raises ConsentEnded where a voice needs a consent and has none (any more). `influencer_id`: who is to speak."""
    if consent_id is None:
        return
    try:
        consents.check_usable(tx, consent_id, influencer_id=influencer_id)
    except NotFound as error:
        raise consents.ConsentEnded(tr_lazy("The consent for this voice is not here. Choose another voice.")) from error
