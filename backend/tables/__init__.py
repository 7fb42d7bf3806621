"""The schema at a glance: one noun a file, allowed moves beside their table."""

from backend.tables.account import Invitation, Membership, PasswordReset, SessionRow, Throttle, User, Workspace
from backend.tables.asset import Asset, AssetUse, Upload
from backend.tables.base import Base
from backend.tables.board import Board, BoardPicture, PictureAct
from backend.tables.budget import Budget, LlmCall
from backend.tables.captioning import CaptionResult, CaptionRun
from backend.tables.channel import Channel
from backend.tables.clip import Clip
from backend.tables.dataset import Dataset, DatasetCaption, DatasetEdit, DatasetImage, DatasetRight
from backend.tables.event import EventRow
from backend.tables.generation import Generation, Picture, PictureLora
from backend.tables.graph import ComfyGraph
from backend.tables.identity import IdentityProfile, PictureCheck
from backend.tables.influencer import Influencer
from backend.tables.job import FINAL, MOVES, Attempt, Device, Job, JobLog, JobState, JobStep, Schedule, Turn, Worker
from backend.tables.lora import Lora
from backend.tables.post import (
    POST_MOVES,
    ContentPlan,
    PlanAct,
    Post,
    PostAttempt,
    PostingRule,
    PostingSlot,
    PostState,
)
from backend.tables.recipe import Preset, PromptTemplate, PromptUse, Style, TemplateVersion, Wildcard
from backend.tables.rendition import Rendition
from backend.tables.training import TrainingCheckpoint, TrainingPoint, TrainingRun, TrainingSample
from backend.tables.trial import Trial, TrialCell, TrialVote
from backend.tables.writing import TalkLine, TextDraft
from backend.tables.writing_style import StyleSource, StyleText, WritingStyle

WITHOUT_TENANT = frozenset(
    {
        "workspaces",
        "users",
        "sessions",
        "password_resets",
        "throttles",
        "turns",
        "workers",
        "devices",
        "schedules",
        "alembic_version",
    }
)
"""Tables row-level security does not confine by workspace, each for a reason its docstring gives. Tested to be exact."""

__all__ = [
    "FINAL", "MOVES", "POST_MOVES", "WITHOUT_TENANT", "Asset", "AssetUse", "Attempt", "Base", "Board", "BoardPicture", "Budget",
    "CaptionResult", "CaptionRun", "Channel", "Clip", "ComfyGraph", "ContentPlan", "Dataset", "DatasetCaption", "DatasetEdit",
    "DatasetImage", "DatasetRight", "Device", "EventRow", "Generation", "IdentityProfile", "Influencer", "Invitation", "Job",
    "JobLog", "JobState", "JobStep", "LlmCall", "Lora", "Membership", "PasswordReset", "Picture", "PictureAct", "PictureCheck",
    "PictureLora", "PlanAct", "Post", "PostAttempt", "PostState", "PostingRule", "PostingSlot", "Preset", "PromptTemplate",
    "PromptUse", "Rendition", "Schedule", "SessionRow", "Style", "StyleSource", "StyleText", "TalkLine", "TemplateVersion",
    "TextDraft", "Throttle", "TrainingCheckpoint", "TrainingPoint", "TrainingRun", "TrainingSample", "Trial", "TrialCell",
    "TrialVote", "Turn", "Upload", "User", "Wildcard", "Worker", "Workspace", "WritingStyle",
]  # fmt: skip
