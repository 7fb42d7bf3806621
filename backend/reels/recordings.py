"""What a person says for a scene: a recording that is heard instead of the reel's voice."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import jobs
from backend.assets import uploads
from backend.errors import Conflict, NotFound
from backend.jobs import JobCard
from backend.language import tr_lazy
from backend.reels import service
from backend.reels.schemas import RECORDING_KIND, SCENE_NOUN, SceneRecordingPayload


def record_scene(tx: Session, reel_id: str, scene_id: str, upload_id: str, *, request_key: str) -> JobCard:
    """Takes an uploaded sound file (noun `reel-scene`, the scene's id) as its recording: a job checks it, then it is heard. The
    same `request_key` returns the first job.

    Raises NotFound, Conflict (the upload was taken or is not here), Invalid for a variant.
    """
    if job := jobs.find_by_key(tx, request_key):
        return job
    card = service.lock_own(tx, reel_id)
    if scene_id not in [scene.id for scene in card.scenes]:
        raise NotFound(service.SCENE_GONE)
    upload = uploads.get(tx, upload_id)
    if (upload.noun, upload.noun_id) != (SCENE_NOUN, scene_id):
        raise NotFound(tr_lazy("This upload does not exist for this scene. Record it again."))
    if upload.state != "stored":
        raise Conflict(tr_lazy("This recording was used already, or has not arrived yet. Record it again."))
    job = jobs.enqueue(
        tx,
        kind=RECORDING_KIND,
        payload=SceneRecordingPayload(reel_id=reel_id, scene_id=scene_id, upload_id=upload.id),
        title=tr_lazy("Recording for a scene: {title}", title=card.title),
        request_key=request_key,
        subject=(SCENE_NOUN, scene_id),
    )
    uploads.accept(tx, [upload.id])
    return job
