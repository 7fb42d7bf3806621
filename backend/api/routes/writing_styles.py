"""Writing styles over HTTP, with the names of the StyleForge document: sessions, training, generation, jobs, results, health.

Served under /api/style; with STYLEFORGE_PATHS also at the document's own addresses (`aliases`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Header, Query, Request, Response
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StrictBool

from backend import VERSION, jobs, writing_styles
from backend.api import errors, style_files
from backend.api.api_model import Listing, Skip, Take, Worded, sliced
from backend.api.deps import Caller, KeyCache, Studio, needs_scope
from backend.api.idempotency import Idempotency
from backend.api.rate_limits import RateLimits
from backend.api.requests import BodyLimit, RequestLogging
from backend.app import App
from backend.errors import Conflict, NotFound
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.storage import disposition
from backend.writing_styles import StyleTextCard, StyleTextDraft, WritingStyleCard, WritingStyleDraft

router = APIRouter(tags=["style"], dependencies=[needs_scope("styles")])
PATHS = (
    "/sessions",
    "/sessions/{id}",
    "/sessions/{id}/reset",
    "/train",
    "/generate",
    "/jobs/{id}",
    "/jobs/{id}/cancel",
    "/results/{id}",
)
"""The document's own addresses. /health is the studio's: it stays what probes expect."""
Status = Literal["PENDING", "TRAINING", "GENERATING", "COMPLETED", "FAILED"]
JobType = Literal["TRAINING", "GENERATION"]
JOB_TYPE_OF_KIND: dict[str, JobType] = {writing_styles.TRAINING_KIND: "TRAINING", writing_styles.WRITING_KIND: "GENERATION"}
_RUNNING_STATUS: dict[str, Status] = {writing_styles.TRAINING_KIND: "TRAINING", writing_styles.WRITING_KIND: "GENERATING"}
Key = Annotated[str, Header(max_length=200)]


class SessionInfo(BaseModel):
    """`jobs`: ids of its trainings and texts, oldest first. `kept` false: deleted after SESSION_CLEANUP_HOURS without use.

    `conversation`: how many texts since the last reset; the next text sees the newest of them. `model` "": the one of the
    settings.
    """

    session_id: str
    name: str
    is_trained: bool
    kept: bool
    words: int
    language: str
    model: str
    conversation: int
    created_at: datetime
    last_activity: datetime
    jobs: list[str]


class Sessions(Listing[SessionInfo]):
    """`sessions`: as `data`, under its name in the StyleForge document."""

    sessions: list[SessionInfo]


class NewSession(BaseModel):
    name: str = Field("", examples=["Grandmother's letters"])
    kept: StrictBool = False
    model: str = ""


class SessionChange(BaseModel):
    """What is left out stays. `model`: which model writes its texts; "": the one of the settings."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, examples=["Grandmother's letters"])
    kept: StrictBool | None = None
    model: str | None = None


class GenerationRequest(BaseModel):
    """`words` (also `num_words`): 20 to 3,000. `language`: default that of the source."""

    session_id: str
    topic: str
    words: int = Field(300, validation_alias=AliasChoices("words", "num_words", "word_count"))
    language: str = ""


class Started(BaseModel):
    job_id: str
    session_id: str
    status: Status
    message: str


class JobSummary(BaseModel):
    """`progress` 0..1, null while there is nothing to count. `error`: a sentence."""

    job_id: str
    session_id: str
    job_type: JobType
    status: Status
    progress: float | None
    phase: str
    result: dict[str, Any] | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class JobStatus(JobSummary):
    """`text`: what has been written so far."""

    text: str


class Jobs(Listing[JobSummary]):
    """`jobs`: as `data`, under its name in the StyleForge document."""

    jobs: list[JobSummary]


class Result(BaseModel):
    """`style_match` 0..1, null where it cannot be measured; `longest_shared_run`: words in a row that the source has too."""

    job_id: str
    session_id: str
    topic: str
    content: str
    words: int
    words_requested: int
    style_match: float | None
    longest_shared_run: int
    notes: list[Worded]
    model: str
    created_at: datetime
    completed_at: datetime | None


class Health(BaseModel):
    status: Literal["ok"]
    version: str
    active_sessions: int
    active_jobs: int


@router.get("/sessions")
def sessions(app: Studio, caller: Caller, response: Response, take: Take = None, skip: Skip = 0) -> Sessions:
    """The session used last first."""
    with app.db.transaction(caller) as tx:
        styles = writing_styles.page(tx)
        page = sliced(response, _session_infos(tx, styles), SessionInfo, take=take, skip=skip)
    return Sessions(**page.model_dump(), sessions=page.data)


@router.post("/sessions", status_code=201)
def create(app: Studio, caller: Caller, response: Response, body: NewSession | None = None) -> SessionInfo:
    """An empty session, which learns by `/train`."""
    writing_styles.check_model(app, body.model if body else "")
    with app.db.transaction(caller, needs="editor") as tx:
        style = new_session(tx, body or NewSession())
    response.headers["location"] = f"/api/style/sessions/{style.id}?workspace={caller.tenant_id}"
    return _session_info(style, [], 0)


def new_session(tx: Any, body: NewSession) -> WritingStyleCard:
    return writing_styles.create(
        tx, WritingStyleDraft(name=body.name or f"Session {new_id('s')[-8:]}", kept=body.kept, model=body.model)
    )


@router.get("/sessions/{session_id}")
def session(session_id: str, app: Studio, caller: Caller) -> SessionInfo:
    """One session."""
    with app.db.transaction(caller) as tx:
        return _one_session_info(tx, session_id)


@router.patch("/sessions/{session_id}")
def change_session(session_id: str, body: SessionChange, app: Studio, caller: Caller) -> SessionInfo:
    """Renames it, keeps it or not, chooses the model that writes. 400 for a model without a price."""
    writing_styles.check_model(app, body.model or "")
    with app.db.transaction(caller, needs="editor") as tx:
        style = writing_styles.get(tx, session_id)
        before = {"name": style.name, "kept": style.kept, "model": style.model}
        writing_styles.edit(tx, session_id, WritingStyleDraft(**{**before, **body.model_dump(exclude_none=True)}))
        return _one_session_info(tx, session_id)


@router.post("/sessions/{session_id}/reset")
def reset_session(session_id: str, app: Studio, caller: Caller) -> SessionInfo:
    """Empties its conversation: the next text sees none of the earlier ones. What it learned and its texts stay."""
    with app.db.transaction(caller, needs="editor") as tx:
        writing_styles.reset(tx, session_id)
        return _one_session_info(tx, session_id)


@router.delete("/sessions/{session_id}")
def remove(session_id: str, app: Studio, caller: Caller, force: bool = False) -> dict[str, str]:
    """Its running jobs are cancelled. 409 when an influencer writes in this style, unless `force`."""
    with app.db.transaction(caller, needs="editor") as tx:
        writing_styles.delete(tx, session_id, force=force)
    return {"session_id": session_id, "message": "The session was deleted."}


@router.post("/train", status_code=202, openapi_extra=style_files.OPENAPI_BODY)
async def train(
    request: Request, app: Studio, caller: Caller, session_id: Annotated[str, Query()] = "", idempotency_key: Key = ""
) -> Started:
    """Multipart: one or several `file` parts (PDF), `session_id` to go on with a session (else a new one is made).

    As JSON `{session_id}`: learns from what was uploaded for it before (`/api/uploads`, noun `style`).
    """
    style_id, card = await style_files.receive_and_train(
        request, app, caller, session_id, idempotency_key, new_session=_new_unnamed_session
    )
    return _started_response(card, style_id, "Training has begun. Ask /jobs/<job_id> how it goes.")


def _new_unnamed_session(tx: Any) -> WritingStyleCard:
    return new_session(tx, NewSession())


@router.post("/generate", status_code=202)
def generate(body: GenerationRequest, app: Studio, caller: Caller, idempotency_key: Key = "") -> Started:
    """409 until the session is trained."""
    text_request = StyleTextDraft(topic=body.topic, words=body.words, language=body.language)
    with app.db.transaction(caller, needs="editor") as tx:
        text = writing_styles.write(tx, body.session_id, text_request, request_key=idempotency_key or new_id("key"))
        card = jobs.get(tx, text.job_id)
    return _started_response(card, body.session_id, "Writing has begun. Ask /jobs/<job_id> how it goes.")


@router.get("/jobs")
def list_style_jobs(
    app: Studio,
    caller: Caller,
    response: Response,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Skip = 0,
    cursor: str | None = None,
) -> Jobs:
    """Trainings and texts of all sessions, newest first. Their texts: `/results/{job_id}`."""
    with app.db.transaction(caller) as tx:
        page = jobs.page(tx, kinds=tuple(JOB_TYPE_OF_KIND), take=take, skip=skip, cursor=cursor)
        texts = writing_styles.texts_of_jobs(tx, [card.id for card in page.cards])
    answers = [JobSummary(**_status_fields(card, texts.get(card.id))) for card in page.cards]
    response.headers["x-total-count"] = str(page.total)
    return Jobs(data=answers, jobs=answers, total=page.total, take=take, skip=skip, next_cursor=page.next_cursor)


@router.get("/jobs/{job_id}")
def job(job_id: str, app: Studio, caller: Caller) -> JobStatus:
    with app.db.transaction(caller) as tx:
        card = _require_style_job(jobs.get(tx, job_id))
        text = writing_styles.text_of_job(tx, job_id)
    return _status_response(card, text)


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: str, app: Studio, caller: Caller) -> JobStatus:
    with app.db.transaction(caller, needs="editor") as tx:
        _require_style_job(jobs.get(tx, job_id))
        return _status_response(jobs.cancel(tx, job_id), writing_styles.text_of_job(tx, job_id))


@router.get("/results/{job_id}", response_model=Result)
def result(
    job_id: str,
    app: Studio,
    caller: Caller,
    format: Annotated[Literal["json", "txt", "md"], Query(description="txt and md are downloads")] = "json",
) -> Any:
    """409 while the text is being written."""
    with app.db.transaction(caller) as tx:
        text = writing_styles.text_of_job(tx, job_id)
    if text is None:
        raise NotFound(tr_lazy("There is no text of this job. It may have been deleted."))
    if not text.text:
        raise Conflict(tr_lazy("The text is not ready. Poll /jobs/<job_id> until it is done."))
    if format != "json":
        headers = {"content-disposition": disposition(writing_styles.export_filename(text, format))}
        return Response(writing_styles.export_text(text, format), headers=headers, media_type="text/plain; charset=utf-8")
    return Result(
        job_id=text.job_id,
        session_id=text.style_id,
        topic=text.topic,
        content=text.text,
        words=text.words,
        words_requested=text.words_wanted,
        style_match=text.score,
        longest_shared_run=text.shared_run,
        notes=list(text.notes),
        model=text.model,
        created_at=text.created_at,
        completed_at=text.finished_at,
    )


@router.get("/health")
def health(app: Studio) -> Health:
    """How many sessions the whole installation has, and how many of their jobs wait or run. Needs no sign-in."""
    counts = writing_styles.count_installation(app.db)
    return Health(status="ok", version=VERSION, active_sessions=counts.sessions, active_jobs=counts.jobs)


def aliases(get_app: Callable[[], App]) -> FastAPI:
    """An application with the same routes, for the document's own addresses (STYLEFORGE_PATHS)."""
    api = FastAPI(title="Writing styles", docs_url=None, redoc_url=None, openapi_url=None, version=VERSION)
    api.state.get_app = get_app
    api.state.key_cache = KeyCache()
    api.add_middleware(Idempotency)
    api.add_middleware(BodyLimit)
    api.add_middleware(RateLimits)
    api.add_middleware(RequestLogging)
    errors.install_handlers(api)
    api.include_router(router)
    return api


def _require_style_job(card: JobCard) -> JobCard:
    if card.kind not in JOB_TYPE_OF_KIND:
        raise NotFound(tr_lazy("This job belongs to something else than a writing style. Look under /api/jobs."))
    return card


def _one_session_info(tx: Any, session_id: str) -> SessionInfo:
    return _session_infos(tx, [writing_styles.get(tx, session_id)])[0]


def _session_infos(tx: Any, styles: list[WritingStyleCard]) -> list[SessionInfo]:
    style_ids = [style.id for style in styles]
    job_ids, lengths = writing_styles.job_ids_by_style(tx, style_ids), writing_styles.conversation_lengths(tx, style_ids)
    return [_session_info(style, job_ids[style.id], lengths.get(style.id, 0)) for style in styles]


def _session_info(style: WritingStyleCard, job_ids: list[str], conversation: int) -> SessionInfo:
    card = style.card
    return SessionInfo(
        session_id=style.id,
        name=style.name,
        is_trained=card is not None,
        kept=style.kept,
        words=card.words if card else 0,
        language=card.language if card else "",
        model=style.model,
        conversation=conversation,
        created_at=style.created_at,
        last_activity=style.last_activity_at,
        jobs=job_ids,
    )


def _started_response(card: JobCard, session_id: str, message: str) -> Started:
    return Started(job_id=card.id, session_id=session_id, status=_job_status(card), message=message)


def _job_status(card: JobCard) -> Status:
    final_states: dict[str, Status] = {
        "pending": "PENDING",
        "completed": "COMPLETED",
        "failed": "FAILED",
        "cancelled": "FAILED",
    }
    return final_states.get(card.state) or _RUNNING_STATUS[card.kind]


def _status_response(card: JobCard, text: StyleTextCard | None) -> JobStatus:
    return JobStatus(**_status_fields(card, text), text=(text.text or text.draft) if text else "")


def _status_fields(card: JobCard, text: StyleTextCard | None) -> dict[str, Any]:
    error = "It was cancelled." if card.state == "cancelled" else card.error_message
    return {
        "job_id": card.id,
        "session_id": text.style_id if text else card.subject_id,
        "job_type": JOB_TYPE_OF_KIND[card.kind],
        "status": _job_status(card),
        "progress": card.progress,
        "phase": card.phase,
        "result": card.result,
        "error": error,
        "created_at": card.created_at,
        "started_at": card.started_at,
        "completed_at": card.finished_at,
    }
