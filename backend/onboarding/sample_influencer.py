"""Adds the sample influencer: somebody to play with, with pictures, texts and a month of posts around today.

She posts on a practice channel only. Her pictures are bundled: no engine draws, and nothing is asked of a server outside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import assets, channels, content_plans, events, generation, influencers, writing
from backend.assets import NewFile, OpenTx, ThumbFile, UploadedFile
from backend.content_plans import PAST_STATES, PlanDraft, RecurringTime, RulesDraft, VariantDraft
from backend.db.tables import Generation, Influencer, Job, JobState, Picture
from backend.errors import Invalid
from backend.generation import PictureRecipe
from backend.influencers import InfluencerCard, InfluencerDraft
from backend.kit.clock import now
from backend.kit.ids import new_id
from backend.language import reader, tr_lazy
from backend.media.images.picture_hash import bands
from backend.onboarding import sample_data
from backend.onboarding.sample_data import HEIGHT, WIDTH, SampleInfluencer, SamplePost
from backend.storage import Storage
from backend.writing import TextParts, WriteOrder

JOB_KIND = "picture-import"
"""Kind of the job that her pictures came with: bundled files are brought in, as those of other programs."""
REQUEST_KEY = "sample"
"""Her posts' request keys begin with it."""
_ERRORS = {
    "failed": tr_lazy("The platform did not take the picture: its file was too large there. Replace it or try again."),
    "missed": tr_lazy("It did not go out within 48 hours of its time, because its channel was switched off."),
}
_THREADS = 4


def find_sample(tx: Session) -> InfluencerCard | None:
    sample_id = tx.scalar(select(Influencer.id).where(Influencer.is_sample))
    return influencers.get(tx, sample_id) if sample_id else None


def add_sample(open_tx: OpenTx, storage: Storage, *, time_zone: str = "UTC") -> InfluencerCard:
    """The sample influencer, new or as she is; new she speaks the language of whoever reads. `open_tx` opens a transaction of
    an editor; none is open while files are stored.

    After a crash there are files that nothing uses, which the sweep removes. Raises Invalid (unknown time zone), Unavailable.
    """
    if time_zone not in influencers.time_zones():
        raise Invalid(tr_lazy("timeZone: choose an IANA name, for example Europe/Berlin."))
    with open_tx() as tx:
        if existing := find_sample(tx):
            return existing
    uploaded = _store_pictures(open_tx, storage)
    with open_tx() as tx:
        tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"sample:{tx.info['tenant_id']}", 0))))
        return find_sample(tx) or _create(tx, uploaded, time_zone)


def _store_pictures(open_tx: OpenTx, storage: Storage) -> dict[str, UploadedFile]:
    """Asset id -> stored file, in the order of the pictures."""
    batch = new_id("sample")
    with open_tx() as tx:
        tenant_id = str(tx.info["tenant_id"])
        files = [_picture_file(n, tenant_id, batch) for n in range(len(sample_data.load().pictures))]
        asset_ids = assets.intend(tx, files)
    with ThreadPoolExecutor(_THREADS) as pool:
        uploaded = list(pool.map(lambda file: assets.upload_file(storage, file), files))
    return dict(zip(asset_ids, uploaded, strict=True))


def _picture_file(n: int, tenant_id: str, batch: str) -> NewFile:
    return NewFile(
        sample_data.picture_path(n),
        "image",
        assets.key_for("image", tenant_id=tenant_id, job_id=batch, attempt_id=batch, n=n, ext="webp"),
        "image/webp",
        filename=f"sample-{n:02}.webp",
        width=WIDTH,
        height=HEIGHT,
        thumbs=[ThumbFile(width, sample_data.picture_path(n, width)) for width in assets.THUMB_WIDTHS],
    )


def _create(tx: Session, uploaded: Mapping[str, UploadedFile], time_zone: str) -> InfluencerCard:
    sample = sample_data.load(reader().language)
    draft = InfluencerDraft(
        name=_free_name(tx, sample.name),
        persona=sample.persona,
        language=sample.language,
        look_prompt=sample.look_prompt,
        time_zone=time_zone,
    )
    influencer = influencers.create(tx, draft, is_sample=True)
    asset_ids = [card.id for card in assets.confirm(tx, uploaded)]
    _add_pictures(tx, influencer.id, sample, asset_ids)
    influencers.set_cover(tx, influencer.id, asset_ids[0])
    channel = channels.add_sandbox(tx, influencer.id)
    times = tuple(RecurringTime(weekday, at) for weekday, at in sample.recurring_times)
    content_plans.save_rules(tx, influencer.id, RulesDraft(policy="all", slots=times))
    local_now = content_plans.to_local_time(now(), time_zone)
    plan_ids: dict[str, list[str]] = defaultdict(list)
    alts = [(asset_id, picture.alt) for asset_id, picture in zip(asset_ids, sample.pictures, strict=True)]
    for n, post in enumerate(sample.posts):
        plan_ids[post.state].append(_add_post(tx, influencer, channel.id, n, post, alts, local_now))
    for past_state in PAST_STATES:
        content_plans.set_past_state(tx, plan_ids[past_state], past_state, error=_ERRORS.get(past_state, ""))
    content_plans.submit_for_review(tx, plan_ids["in_review"])
    content_plans.approve(tx, plan_ids["scheduled"])
    content_plans.hold(tx, plan_ids["on_hold"])
    for text in sample.texts:
        order = WriteOrder(influencer_id=influencer.id, topic=text.topic)
        writing.create(tx, order, TextParts(caption=text.caption, hashtags=tuple(f"#{word}" for word in text.hashtags)))
    events.record(tx, "sample.added", "influencer", influencer.id, {"posts": len(sample.posts)})
    return influencers.get(tx, influencer.id)


def _free_name(tx: Session, name: str) -> str:
    taken = set(tx.scalars(select(Influencer.name).where(Influencer.name.startswith(name, autoescape=True))))
    return next(free for n in range(1, len(taken) + 2) if (free := name if n == 1 else f"{name} {n}") not in taken)


def _add_pictures(tx: Session, influencer_id: str, sample: SampleInfluencer, asset_ids: list[str]) -> None:
    """Puts them into the gallery, newest first as in the list."""
    job = Job(
        id=new_id("job"), kind=JOB_KIND, queue="cpu", title=tr_lazy("Sample pictures"), state=JobState.COMPLETED, payload={}
    )
    job.request_key, job.started_at, job.finished_at = new_id(REQUEST_KEY), now(), now()
    job.subject_noun, job.subject_id = "influencer", influencer_id
    tx.add(job)
    tx.flush()
    requests, rows = [], []
    for n, (asset_id, picture) in reversed(list(enumerate(zip(asset_ids, sample.pictures, strict=True)))):
        recipe = PictureRecipe(
            asked=picture.prompt,
            prompt=picture.prompt,
            negative_asked="",
            negative_prompt="",
            with_look=False,
            model="",
            size="portrait",
            width=WIDTH,
            height=HEIGHT,
            steps=0,
            cfg=0,
            sampler="",
            seeds=[0],
            loras=[],
        )
        request = Generation(id=new_id("gen"), influencer_id=influencer_id, job_id=job.id, recipe=recipe.model_dump())
        request.created_by = tx.info.get("user_id")
        row = Picture(id=new_id("pic"), generation_id=request.id, n=0, asset_id=asset_id, influencer_id=influencer_id, seed=0)
        row.prompt, row.shape, row.source = picture.prompt, generation.shape_of(WIDTH, HEIGHT), "imported"
        row.dhash, row.bands = picture.dhash, bands(picture.dhash, str(tx.info["tenant_id"]))
        row.origin = {"format": "", "filename": f"sample-{n:02}.webp", "notes": []}
        requests.append(request)
        rows.append(row)
    tx.add_all(requests)
    tx.flush()
    tx.add_all(rows)
    tx.flush()
    assets.use_all(tx, "picture", [(row.asset_id, row.id) for row in rows])


def _add_post(
    tx: Session,
    influencer: InfluencerCard,
    channel_id: str,
    n: int,
    post: SamplePost,
    pictures: list[tuple[str, str]],
    local_now: datetime,
) -> str:
    """Makes a draft of it and returns the id of its plan. `pictures`: (asset id, alt text) by number."""
    alts = dict(pictures[number] for number in post.pictures)
    variant = VariantDraft(
        channel_id=channel_id,
        caption=post.caption,
        hashtags=post.hashtags,
        media=tuple(alts),
        alt_texts=alts,
        first_comment=post.first_comment,
    )
    draft = PlanDraft(
        influencer_id=influencer.id,
        topic=post.topic,
        wall=post.local_time(local_now),
        zone=influencer.time_zone,
        variants=(variant,),
    )
    return content_plans.create(tx, draft, request_key=f"{REQUEST_KEY}:{influencer.id}:{n}").id
