"""Videos of one's own: taken from an upload, checked and encoded anew by a job."""

from __future__ import annotations

from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from backend import events, influencers, jobs
from backend.assets import uploads
from backend.db.tables import Clip
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.videos.queries import get, get_by_job
from backend.videos.schemas import VideoCard, VideoRecipe
from backend.videos.upload_schemas import IMPORT_KIND, UPLOAD_NOUN, UPLOADED, NewVideo, VideoImportPayload


def add(tx: Session, draft: NewVideo, *, request_key: str) -> VideoCard:
    """Takes an uploaded file as a video; it is in the library when its job has ended. The same `request_key` returns the first.

    Raises NotFound, Conflict (the upload was taken or is not here), Invalid.
    """
    if job := jobs.find_by_key(tx, request_key):
        first = get_by_job(tx, job.id)
        if first is None:
            raise Invalid(tr_lazy("This request key was used for something else. Send a new one."))
        return first
    upload = uploads.get(tx, draft.upload_id)
    if upload.noun != UPLOAD_NOUN:
        raise NotFound(tr_lazy("This upload does not exist here. Choose the file again."))
    if upload.state != "stored":
        raise Conflict(tr_lazy("This file was used already, or has not arrived yet. Choose it again."))
    if draft.influencer_id:
        influencers.get(tx, draft.influencer_id)
    title = " ".join(draft.title.split()) or PurePosixPath(upload.filename).stem.replace("_", " ")[:120] or "Video"
    recipe = VideoRecipe(model=UPLOADED, title=title, width=2, height=2, frames=0, fps=30, movement=0.0, ai_mark=draft.ai_made)
    clip_id = new_id("clip")
    job = jobs.enqueue(
        tx,
        kind=IMPORT_KIND,
        payload=VideoImportPayload(clip_id=clip_id, upload_id=upload.id),
        title=tr_lazy("Video: {title}", title=title),
        request_key=request_key,
        subject=("clip", clip_id),
    )
    tx.add(Clip(id=clip_id, job_id=job.id, influencer_id=draft.influencer_id, format="as-is", recipe=recipe.model_dump()))
    tx.flush()
    uploads.accept(tx, [upload.id])
    events.record(tx, "video.added", "clip", clip_id)
    return get(tx, clip_id)
