"""The verbs of reels: create from a script, edit, scenes added, changed, ordered, removed; render; delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import assets, events, influencers, jobs, music, voices
from backend.db.tables import Reel, ReelScene
from backend.errors import Conflict, Invalid, NotFound, Unsupported
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import joined, tr_lazy
from backend.media.ffmpeg.film_order import FORMATS
from backend.reels import script as scripts
from backend.reels.queries import get
from backend.reels.schemas import (
    MAX_SECONDS,
    MIN_SECONDS,
    MOVEMENTS,
    NOUN,
    PREVIEW_KIND,
    RECORDED,
    RENDER_KIND,
    SCENE_NOUN,
    STILL,
    PlacedScene,
    ReelCard,
    ReelDraft,
    RenderPayload,
    SceneDraft,
    ScenePreviewPayload,
)
from backend.undo import undoable

if TYPE_CHECKING:
    from backend.app import App

_USE = "reel"
_SCENE_USE = "reel-scene"
SCENE_GONE = tr_lazy("This scene is not in the reel any more. Load it again.")
_MOVES = tuple(name for name in MOVEMENTS if name != STILL)
_ACTIVE = ("pending", "processing")


def create(tx: Session, draft: ReelDraft, *, scenes: Sequence[SceneDraft] = (), run_id: str | None = None) -> ReelCard:
    """A new reel. Without `scenes` the script is split into them. Raises Invalid, NotFound."""
    _check(tx, draft)
    drafts = list(scenes) or [SceneDraft(words=words) for words in scripts.split_script(draft.script)]
    row = Reel(id=new_id("reel"), run_id=run_id, created_by=tx.info.get("user_id"), **_values(draft))
    row.title = draft.title or _title(draft.script)
    tx.add(row)
    tx.flush()
    _write_scenes(tx, row.id, drafts)
    events.record(tx, "reel.created", NOUN, row.id, {"scenes": len(drafts)})
    return get(tx, row.id)


def create_with_voice(
    app: App, tx: Session, draft: ReelDraft, *, scenes: Sequence[SceneDraft] = (), run_id: str | None = None
) -> ReelCard:
    """As `create`; where the draft does not say which voice speaks: the influencer's, else the best for their language."""
    if "voice_id" not in draft.model_fields_set:
        chosen = voices.for_influencer(tx, draft.influencer_id) if draft.influencer_id else None
        language = influencers.get(tx, draft.influencer_id).language if draft.influencer_id else "en"
        voice = chosen.voice if chosen else voices.default_voice(tx, app.engines.speech, language)
        draft = draft.model_copy(update={"voice_id": voice.id, **({"speed": chosen.speed} if chosen else {})})
    return create(tx, draft, scenes=scenes, run_id=run_id)


def create_spoken_or_shown(
    app: App, tx: Session, draft: ReelDraft, *, scenes: Sequence[SceneDraft] = ()
) -> tuple[ReelCard, str]:
    """As `create_with_voice`; where no voice speaks their language the words are only shown, and the sentence says so ("":
    they are spoken)."""
    try:
        return create_with_voice(app, tx, draft, scenes=scenes), ""
    except Unsupported as error:
        return create(tx, draft, scenes=scenes), joined(error.message, tr_lazy("Until then its words are only shown."))


def save(tx: Session, reel_id: str, draft: ReelDraft, *, revision: int | None = None) -> ReelCard:
    """Changes what is not in scenes; `revision`: of the card they saw. Raises NotFound, Conflict, Invalid."""
    before = lock_own(tx, reel_id, revision)
    _check(tx, draft, music_before=before.music_track_id)
    values = _values(draft) | {"title": draft.title or before.title}
    tx.execute(update(Reel).where(Reel.id == reel_id).values(**values))
    return _touched(tx, reel_id)


def split_again(tx: Session, reel_id: str, script: str, *, revision: int | None = None) -> ReelCard:
    """Replaces all scenes by those of `script`; a scene whose words are the same keeps its picture and movement.

    Raises NotFound, Conflict, Invalid.
    """
    before = lock_own(tx, reel_id, revision)
    scenes_by_words = {scene.words: scene for scene in before.scenes}
    drafts = [
        SceneDraft(**_draft_values(scenes_by_words[words])) if words in scenes_by_words else SceneDraft(words=words)
        for words in scripts.split_script(script)
    ]
    tx.execute(update(Reel).where(Reel.id == reel_id).values(script=script))
    set_scenes(tx, reel_id, drafts)
    return get(tx, reel_id)


def set_scenes(tx: Session, reel_id: str, drafts: Sequence[SceneDraft], *, revision: int | None = None) -> ReelCard:
    """Replaces all scenes; a PlacedScene that is in the reel keeps its id. `revision`: of the card they saw.

    Raises NotFound, Conflict, Invalid.
    """
    lock_own(tx, reel_id, revision)
    _check_count(len(drafts))
    before = list(tx.scalars(select(ReelScene.id).where(ReelScene.reel_id == reel_id)))
    assets.unuse_all(tx, _SCENE_USE, before)
    tx.execute(delete_rows(ReelScene).where(ReelScene.reel_id == reel_id))
    _write_scenes(tx, reel_id, drafts, before)
    return _touched(tx, reel_id)


def save_scene(tx: Session, reel_id: str, scene_id: str, draft: SceneDraft) -> ReelCard:
    """Changes one scene; the others stay as they are. Raises NotFound, Invalid."""
    lock_own(tx, reel_id)
    draft = _checked_scene(tx, draft)
    row = _scene(tx, reel_id, scene_id)
    before = _files(row)
    for name, value in draft.model_dump().items():
        setattr(row, name, value)
    tx.flush()
    if before != _files(row):
        assets.unuse_all(tx, _SCENE_USE, [scene_id])
        assets.use_all(tx, _SCENE_USE, _files(row))
    return _touched(tx, reel_id)


def set_recording(tx: Session, reel_id: str, scene_id: str, asset_id: str | None) -> ReelCard:
    """Makes a recording what is heard in a scene; None: the reel's voice speaks its words again. Raises NotFound, Invalid."""
    scene = next((scene for scene in lock_own(tx, reel_id).scenes if scene.id == scene_id), None)
    if scene is None:
        raise NotFound(SCENE_GONE)
    return save_scene(tx, reel_id, scene_id, SceneDraft(**_draft_values(scene) | {"recording_asset_id": asset_id}))


def add_scene(tx: Session, reel_id: str, draft: SceneDraft, *, after: str = "") -> ReelCard:
    """A new scene behind the scene `after`, or at the end. Raises NotFound, Invalid."""
    card = lock_own(tx, reel_id)
    _check_count(len(card.scenes) + 1)
    draft = _checked_scene(tx, draft)
    ids = [scene.id for scene in card.scenes]
    row = ReelScene(id=new_id("scn"), reel_id=reel_id, position=len(ids), **draft.model_dump())
    tx.add(row)
    tx.flush()
    assets.use_all(tx, _SCENE_USE, _files(row))
    if after:
        _require_scene(ids, after)
        ids.insert(ids.index(after) + 1, row.id)
        _set_positions(tx, ids)
    return _touched(tx, reel_id)


def order_scenes(tx: Session, reel_id: str, scene_ids: Sequence[str]) -> ReelCard:
    """Puts the scenes into this order. Raises NotFound, Conflict when it does not name each of them once."""
    card = lock_own(tx, reel_id)
    if sorted(scene_ids) != sorted(scene.id for scene in card.scenes):
        raise Conflict(tr_lazy("These are not the scenes of this reel any more. Load it again, then put them in order."))
    _set_positions(tx, scene_ids)
    return _touched(tx, reel_id)


def remove_scene(tx: Session, reel_id: str, scene_id: str) -> ReelCard:
    """Raises NotFound, Invalid for the last one."""
    card = lock_own(tx, reel_id)
    if len(card.scenes) == 1:
        raise Invalid(tr_lazy("A reel needs at least one scene. Change this one, or delete the reel."))
    row = _scene(tx, reel_id, scene_id)
    assets.unuse_all(tx, _SCENE_USE, [scene_id])
    tx.delete(row)
    tx.flush()
    _set_positions(tx, [scene.id for scene in card.scenes if scene.id != scene_id])
    return _touched(tx, reel_id)


def render(tx: Session, reel_id: str, *, request_key: str, parent_id: str | None = None) -> JobCard:
    """Starts the render of the reel as it is now. While one waits or runs, that one is returned. `parent_id`: of the job that
    waits for it.

    Raises NotFound, Invalid (also where its music was deleted), ConsentEnded (its voice may not speak for its influencer).
    """
    card = _lock(tx, reel_id)
    if card.deleted_at:
        raise NotFound(tr_lazy("This reel was deleted. Restore it first."))
    if not card.scenes:
        raise Invalid(tr_lazy("This reel has no scenes yet. Write the script first."))
    if card.voice_id:
        voices.check_for(tx, card.voice_id, card.influencer_id)
    if card.job_id and card.state in _ACTIVE:
        return jobs.get(tx, card.job_id)
    if card.music_track_id:
        music.usable(tx, card.music_track_id)
    payload = RenderPayload(reel_id=reel_id)
    title = tr_lazy("Reel: {title}", title=card.title)
    job = jobs.enqueue(
        tx,
        kind=RENDER_KIND,
        payload=payload,
        title=title,
        request_key=request_key,
        subject=(NOUN, reel_id),
        parent_id=parent_id,
    )
    tx.execute(update(Reel).where(Reel.id == reel_id).values(job_id=job.id))
    return job


def preview_scene(tx: Session, reel_id: str, scene_id: str, *, request_key: str) -> JobCard:
    """Renders one scene small, with its voice and subtitles. The job's result: {assetId, s3Key}. Raises NotFound."""
    card = get(tx, reel_id)
    _require_scene([scene.id for scene in card.scenes], scene_id)
    payload = ScenePreviewPayload(reel_id=reel_id, scene_id=scene_id)
    title = tr_lazy("Preview of a scene: {title}", title=card.title)
    return jobs.enqueue(
        tx, kind=PREVIEW_KIND, payload=payload, title=title, request_key=request_key, subject=(SCENE_NOUN, scene_id)
    )


@undoable("reel.deleted")
def delete(tx: Session, reel_id: str) -> None:
    """Hides a reel; `undelete` brings it back. Posts that were made of its video keep it. Raises NotFound."""
    _lock(tx, reel_id)
    tx.execute(update(Reel).where(Reel.id == reel_id).values(deleted_at=func.clock_timestamp()))
    events.record(tx, "reel.deleted", NOUN, reel_id)


def undelete(tx: Session, reel_id: str) -> ReelCard:
    """Raises NotFound."""
    _lock(tx, reel_id)
    tx.execute(update(Reel).where(Reel.id == reel_id).values(deleted_at=None))
    events.record(tx, "reel.restored", NOUN, reel_id)
    return get(tx, reel_id)


def erase(tx: Session, reel_ids: Sequence[str]) -> int:
    """Deletes reels of the trash for good, with variants, and what was rendered unless a post uses it. Returns how many."""
    erased = list(tx.scalars(select(Reel.id).where(Reel.id.in_(reel_ids), Reel.deleted_at.is_not(None)).with_for_update()))
    if not erased:
        return 0
    ids = [*erased, *tx.scalars(select(Reel.id).where(Reel.variant_of.in_(erased)))]
    scene_ids = tx.scalars(select(ReelScene.id).where(ReelScene.reel_id.in_(ids))).all()
    files = tx.execute(select(Reel.asset_id, Reel.files).where(Reel.id.in_(ids))).all()
    assets.unuse_all(tx, _USE, ids)
    assets.unuse_all(tx, _SCENE_USE, scene_ids)
    tx.execute(delete_rows(Reel).where(Reel.id.in_(ids)))
    asset_ids = {asset_id for asset_id, of_reel in files for asset_id in (asset_id, *of_reel.values())}
    assets.delete_unused(tx, [str(asset_id) for asset_id in asset_ids if asset_id])
    events.record(tx, "reels.erased", NOUN, erased[0], {"ids": erased})
    return len(erased)


def set_pictures(tx: Session, reel_id: str, pictures: dict[str, str]) -> None:
    """Writes what was drawn for scenes (id -> asset id) that still have no picture. The revision stays: nobody changed them.
    `reel_id`: also of a variant."""
    reel_id = get(tx, reel_id).variant_of or reel_id
    for scene_id, asset_id in pictures.items():
        empty = update(ReelScene).where(ReelScene.id == scene_id, ReelScene.reel_id == reel_id, ReelScene.asset_id.is_(None))
        if tx.scalar(empty.values(asset_id=asset_id).returning(ReelScene.id)):
            assets.use(tx, asset_id, _SCENE_USE, scene_id)


def set_result(tx: Session, reel_id: str, asset_id: str, files: dict[str, Any], *, revision: int) -> None:
    """Writes the finished video and what was made with it; the files of the render before are let go."""
    row = tx.get_one(Reel, reel_id, with_for_update=True)
    assets.unuse_all(tx, _USE, [reel_id])
    row.asset_id, row.files, row.rendered_revision = asset_id, files, revision
    tx.flush()
    assets.use_all(tx, _USE, [(file_id, reel_id) for file_id in dict.fromkeys([asset_id, *files.values()])])
    events.record(tx, "reel.rendered", NOUN, reel_id, {"asset_id": asset_id})


def check_format(name: str) -> None:
    """Raises Invalid."""
    if name not in FORMATS:
        raise Invalid(
            tr_lazy("There is no format called {name}. There are: {formats}.", name=repr(name), formats=", ".join(FORMATS))
        )


def _check(tx: Session, draft: ReelDraft, *, music_before: str | None = None) -> None:
    """Music that was chosen before and is deleted now is refused by the render, so that everything else can still be saved."""
    check_format(draft.format)
    scripts.check_length(draft.script)
    if draft.influencer_id:
        influencers.get(tx, draft.influencer_id)
    if draft.music_track_id and draft.music_track_id != music_before:
        music.usable(tx, draft.music_track_id)


def _checked_scene(tx: Session, draft: SceneDraft) -> SceneDraft:
    """A video without words lasts as long as it is, unless the draft says how long."""
    if draft.movement not in MOVEMENTS:
        raise Invalid(
            tr_lazy(
                "There is no movement called {movement}. There are: {movements}.",
                movement=repr(draft.movement),
                movements=", ".join(MOVEMENTS),
            )
        )
    recording = assets.get(tx, draft.recording_asset_id) if draft.recording_asset_id else None
    if recording and (recording.kind != "audio" or recording.meta.get("origin") != RECORDED):
        raise Invalid(tr_lazy("This file is not a recording of a scene. Record it again, or upload it there."))
    file = assets.get(tx, draft.asset_id) if draft.asset_id else None
    if file and file.kind not in ("image", "video", "dataset"):
        raise Invalid(tr_lazy("This file is neither a picture nor a video. Choose another one for the scene."))
    if file and file.kind == "video" and not draft.words.strip() and draft.seconds is None:
        seconds = min(MAX_SECONDS, max(MIN_SECONDS, float(file.meta.get("duration_s", MIN_SECONDS))))
        return draft.model_copy(update={"seconds": round(seconds, 2)})
    return draft


def _check_count(n: int) -> None:
    if not 1 <= n <= scripts.MAX_SCENES:
        raise Invalid(tr_lazy("A reel has 1 to {max_scenes} scenes.", max_scenes=scripts.MAX_SCENES))


def _values(draft: ReelDraft) -> dict[str, Any]:
    return draft.model_dump(exclude={"style"}) | {"style": draft.style.model_dump()}


def _draft_values(scene: Any) -> dict[str, Any]:
    return {name: getattr(scene, name) for name in SceneDraft.model_fields}


def _write_scenes(tx: Session, reel_id: str, drafts: Sequence[SceneDraft], earlier_ids: Sequence[str] = ()) -> None:
    """Scenes without a movement of their own move in turn, so that no two neighbours move alike. An id of `earlier_ids` is
    kept, each once."""
    rows, free_ids = [], set(earlier_ids)
    for position, draft in enumerate(drafts):
        values = _checked_scene(tx, draft).model_dump(include=set(SceneDraft.model_fields))
        if "movement" not in draft.model_fields_set:
            values["movement"] = _MOVES[position % len(_MOVES)]
        scene_id = draft.id if isinstance(draft, PlacedScene) and draft.id in free_ids else new_id("scn")
        free_ids.discard(scene_id)
        rows.append(ReelScene(id=scene_id, reel_id=reel_id, position=position, **values))
    tx.add_all(rows)
    tx.flush()
    assets.use_all(tx, _SCENE_USE, [pair for row in rows for pair in _files(row)])


def _files(row: ReelScene) -> list[tuple[str, str]]:
    """(asset id, scene id) of its picture and its recording."""
    return [(asset_id, row.id) for asset_id in (row.asset_id, row.recording_asset_id) if asset_id]


def _set_positions(tx: Session, scene_ids: Sequence[str]) -> None:
    for position, scene_id in enumerate(scene_ids):
        tx.execute(update(ReelScene).where(ReelScene.id == scene_id).values(position=position))


def _scene(tx: Session, reel_id: str, scene_id: str) -> ReelScene:
    row = tx.scalars(select(ReelScene).where(ReelScene.id == scene_id, ReelScene.reel_id == reel_id)).one_or_none()
    if row is None:
        _require_scene([], scene_id)
    assert row is not None
    return row


def _require_scene(scene_ids: Sequence[str], scene_id: str) -> None:
    if scene_id not in scene_ids:
        raise NotFound(SCENE_GONE)


def _lock(tx: Session, reel_id: str, revision: int | None = None) -> ReelCard:
    tx.execute(select(Reel.id).where(Reel.id == reel_id).with_for_update())
    card = get(tx, reel_id)
    if revision is not None and revision != card.revision:
        raise Conflict(tr_lazy("Somebody else changed this reel meanwhile. Load it again, then repeat your change."))
    return card


def lock_own(tx: Session, reel_id: str, revision: int | None = None) -> ReelCard:
    """Locks a reel whose scenes are its own. Raises NotFound, Conflict, Invalid for a variant."""
    card = _lock(tx, reel_id, revision)
    if card.variant_of:
        raise Invalid(tr_lazy("This is a variant: its scenes are those of its reel. Change that one."))
    return card


def _touched(tx: Session, reel_id: str) -> ReelCard:
    changed = update(Reel).where(Reel.id == reel_id).values(revision=Reel.revision + 1, updated_at=func.clock_timestamp())
    tx.execute(changed)
    tx.expire_all()
    return get(tx, reel_id)


def _title(script: str) -> str:
    line = next((line.strip("# \t-*") for line in script.splitlines() if line.strip("# \t-*")), "Reel")
    return line if len(line) <= 60 else line[:59].rstrip() + "…"
