"""Script-to-video runs of other programs, with the names of the orchestrator's document: start, status, webhooks, manifest."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator
from sqlalchemy.orm import Session

from backend import assets, events, influencers, jobs, music, webhooks
from backend.errors import Conflict, NotFound
from backend.jobs import JobCard
from backend.kit.drafts import Draft
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.reels import queries, service
from backend.reels.schemas import RENDER_KIND, ReelCard, ReelDraft, SceneDraft
from backend.reels.script import MAX_SCENES, checked_script, split_into, split_script
from backend.reels.shared_folder import VIDEO, VOICEOVER, folder_name, run_folder
from backend.reels.timeline import FPS, TimedScene
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.app import App
    from backend.media.ffmpeg.soundtrack import FinishedSound
    from backend.reels.clips import Clip
    from backend.reels.narration import SpokenScene

Status = Literal["queued", "running", "completed", "failed"]
_STATUS: dict[str, Status] = {"pending": "queued", "processing": "running", "completed": "completed"}
ENDED_MESSAGE, UPDATE_MESSAGE = "video-job-ended", "video-job-update"
_FINISHING_PHASES = ("filming", "putting", "saving", "sound", "mixing", "making", "measuring")


class VideoRunDraft(Draft):
    """A run as programs order it. `prompts`: what each picture shows; there are as many scenes. `run_id` "": one is made.

    `caption`: the text of the post. `influencer_id`: who is shown and whose voice speaks; "": the only influencer there is.
    `background_music`: id or title of a track, "": none.
    """

    script: str = Field("", max_length=50_000)
    caption: str = Field("", max_length=2200)
    prompts: tuple[str, ...] = Field((), max_length=MAX_SCENES)
    run_id: str = Field("", max_length=200)
    influencer_id: str = Field("", max_length=80)
    format: str = "instagram-reel"
    background_music: str = Field("", max_length=120)
    background_music_db: float = Field(-6.0, ge=-40, le=6)

    @field_validator("prompts", mode="before")
    @classmethod
    def _as_list(cls, value: object) -> object:
        """One text with a prompt a line is taken as well; of objects, what they call prompt."""
        lines = value.splitlines() if isinstance(value, str) else value
        if not isinstance(lines, list | tuple):
            return lines
        texts = [line.get("prompt", "") if isinstance(line, dict) else line for line in lines]
        return tuple(text.strip()[:2000] for text in texts if isinstance(text, str) and text.strip())


def start(app: App, tx: Session, draft: VideoRunDraft) -> JobCard:
    """Starts a run. The same run again returns its job; another one under its name is refused.

    Raises Conflict, Invalid, NotFound.
    """
    run_id = draft.run_id.replace("\x00", "").strip() or new_id("run")
    earlier = queries.get_by_run(tx, run_id)
    if earlier:
        same = (earlier.script, earlier.caption) == (draft.script, draft.caption)
        if not same or tuple(scene.prompt for scene in earlier.scenes) != tuple(s.prompt for s in _scenes(draft)):
            raise Conflict(tr_lazy("This run_id belongs to another run here. Choose a new one."))
        if earlier.job_id and earlier.state != "failed":
            return jobs.get(tx, earlier.job_id)
        return _render(app, tx, earlier.id)
    reel = service.create_with_voice(app, tx, _reel_draft(tx, draft), scenes=_scenes(draft), run_id=run_id)
    return _render(app, tx, reel.id)


def status_of(job: JobCard) -> Status:
    return _STATUS.get(job.state, "failed")


def step_of(job: JobCard) -> str:
    """The stage of the document: Queued, Running, AI Generation, Post-Processing, Completed, Failed."""
    if (status := status_of(job)) in ("completed", "failed"):
        return status.capitalize()
    if job.waits_for:
        return "AI Generation"
    if status == "queued":
        return "Queued"
    if job.phase.startswith(_FINISHING_PHASES):
        return "Post-Processing"
    return "AI Generation" if job.phase else "Running"


def job_and_reel(tx: Session, job_id: str) -> tuple[JobCard, ReelCard]:
    """A run by its job. Raises NotFound, also for jobs that are no runs."""
    card = jobs.get(tx, job_id)
    reel = queries.get_by_job(tx, job_id) if card.kind == RENDER_KIND else None
    if reel is None:
        raise NotFound(tr_lazy("There is no such video job in this workspace. Start one with POST /orchestrate/start."))
    return card, reel


def report_update(tx: Session, job_id: str, status: str) -> JobCard:
    """Notes what another program says of a job, as an event about it: whoever follows the job looks at it again. The job itself
    is not changed. Raises NotFound."""
    card = jobs.get(tx, job_id)
    events.record(tx, "job.reported", "job", job_id, {"status": status})
    return card


def announce_end(settings: Settings, tx: Session, reel_id: str, job_id: str) -> None:
    """Writes the webhooks that go out when this run has ended. Reels that were made by hand have none."""
    if queries.get(tx, reel_id).run_id:
        urls = {ENDED_MESSAGE: settings.webhooks.video_completed_url, UPDATE_MESSAGE: settings.webhooks.job_update_url}
        webhooks.send_when_job_ends(tx, job_id, [(kind, url) for kind, url in urls.items() if url])


def files_of(settings: Settings, tx: Session, job: JobCard, reel: ReelCard) -> dict[str, Any]:
    """Where a finished run's files are: copies in the shared folder, or, where there is none, keys of the storage."""
    folder = run_folder(settings, tx.info["tenant_id"], reel.run_id or reel.id)
    result = job.result or {}
    film = assets.get(tx, result["assetId"]) if "assetId" in result else None
    voiceover = assets.get(tx, result["files"][VOICEOVER]) if VOICEOVER in result.get("files", {}) else None
    return {
        "output_dir": str(folder or (Path(film.key).parent if film else folder_name(reel.run_id or reel.id))),
        "final_video_path": (str(folder / VIDEO) if folder else film.key) if film else None,
        "video_files": result.get("videoFiles", []),
        "image_files": result.get("imageFiles", []),
        "voiceover_path": (str(folder / VOICEOVER) if folder else voiceover.key) if voiceover else None,
    }


def ended_body(app: App, tx: Session, job_id: str) -> Mapping[str, Any] | None:
    """`{"event", "timestamp", "data"}` of the document."""
    job, reel = job_and_reel(tx, job_id)
    status = status_of(job)
    files = files_of(app.settings, tx, job, reel)
    data: dict[str, Any] = {"job_id": job.id, "status": status, "run_id": reel.run_id}
    data["output_dir"] = files.pop("output_dir")
    final_path = files.pop("final_video_path")
    data |= {"final_video_path": final_path} if status == "completed" else {"error": _error_of(job)}
    return {"event": f"job_{status}", "timestamp": round(time.time(), 3), "data": data | files}


def update_body(app: App, tx: Session, job_id: str) -> Mapping[str, Any] | None:
    """What a frontend is told."""
    return {"job_id": job_id, "status": status_of(jobs.get(tx, job_id))}


def _error_of(job: JobCard) -> str:
    return job.error_message or (tr_lazy("It was cancelled.") if job.state == "cancelled" else tr_lazy("It failed."))


def manifest(
    reel: ReelCard,
    clips: Sequence[Clip],
    timed: Sequence[TimedScene],
    spoken: Mapping[int, SpokenScene],
    sound: FinishedSound | None,
    waveforms: Mapping[int, list[int]],
) -> dict[str, Any]:
    """What a finished reel was made of: the order, when each scene and word comes, and what became of its sound."""
    return {
        "run_id": reel.run_id,
        "title": reel.title,
        "script": reel.script,
        "caption": reel.caption,
        "prompts": [scene.prompt for scene in reel.scenes],
        "format": reel.format,
        "fps": FPS,
        "voice_id": reel.voice_id,
        "speed": reel.speed,
        "style": reel.style.model_dump(),
        "music": reel.track.model_dump(exclude={"gain_db", "asset_id"}) if reel.track else None,
        "timing_sources": sorted({part.speech.timing_source for part in spoken.values()}),
        "scenes": [
            {
                **asdict(scene),
                "id": reel.scenes[scene.n].id,
                "words": reel.scenes[scene.n].words,
                "movement": reel.scenes[scene.n].movement,
                "waveform": waveforms.get(scene.n, []),
            }
            for scene in timed
        ],
        "clips": [clip.digest for clip in clips],
        "sound": asdict(sound) if sound else None,
    }


def _render(app: App, tx: Session, reel_id: str) -> JobCard:
    job = service.render(tx, reel_id, request_key=new_id("key"))
    announce_end(app.settings, tx, reel_id, job.id)
    return job


def _reel_draft(tx: Session, draft: VideoRunDraft) -> ReelDraft:
    people = influencers.page(tx, take=2).cards
    influencer = influencers.get(tx, draft.influencer_id) if draft.influencer_id else people[0] if len(people) == 1 else None
    return ReelDraft(
        script=checked_script(draft.script),
        caption=draft.caption,
        format=draft.format,
        influencer_id=influencer.id if influencer else None,
        music_track_id=music.find(tx, draft.background_music).id if draft.background_music else None,
        music_db=draft.background_music_db,
    )


def _scenes(draft: VideoRunDraft) -> list[SceneDraft]:
    """One for each prompt, with its share of the script; without prompts, as the script falls into scenes."""
    if not draft.prompts:
        return [SceneDraft(words=words, prompt="") for words in split_script(draft.script)]
    words = split_into(draft.script, len(draft.prompts))
    return [SceneDraft(words=part, prompt=prompt) for part, prompt in zip(words, draft.prompts, strict=True)]
