"""The tables, one noun a file; allowed state transitions stand beside their table."""

from backend.db.tables.access import ApiKey, IdempotentRequest
from backend.db.tables.account import Invitation, Membership, PasswordReset, RecoveryCode, SessionRow, Throttle, User, Workspace
from backend.db.tables.asset import Asset, AssetUse, Rendition, Upload
from backend.db.tables.automation import Automation, AutomationRun, AutomationStep, AutomationTimer
from backend.db.tables.backup import Backup, BackupStatus, Restore
from backend.db.tables.base import Base
from backend.db.tables.board import Board, BoardPicture, PictureAct
from backend.db.tables.budget import Budget, LlmCall
from backend.db.tables.calendar import CalendarFeed, Campaign
from backend.db.tables.channel import Channel
from backend.db.tables.clip import Clip
from backend.db.tables.consent import Consent
from backend.db.tables.dataset import (
    CaptionResult,
    CaptionRun,
    Dataset,
    DatasetCaption,
    DatasetEdit,
    DatasetImage,
    DatasetRight,
)
from backend.db.tables.event import AuditChange, EventRow
from backend.db.tables.generation import Generation, Picture, PictureLora
from backend.db.tables.graph import ComfyGraph
from backend.db.tables.influencer import IdentityProfile, Influencer, PictureCheck
from backend.db.tables.job import (
    FINAL,
    MOVES,
    Attempt,
    Device,
    Job,
    JobLog,
    JobState,
    JobStep,
    Schedule,
    Turn,
    Worker,
    WorkTime,
)
from backend.db.tables.lora import Lora
from backend.db.tables.monitoring import InstallationSample
from backend.db.tables.music import Track
from backend.db.tables.notice import (
    EMAIL_CHOICES,
    Notice,
    NoticeDelivery,
    NoticeFeed,
    NoticePreference,
    NoticeSettings,
    NoticeTarget,
)
from backend.db.tables.post import (
    POST_MOVES,
    ContentPlan,
    PlanAct,
    PlanVersion,
    Post,
    PostAttempt,
    PostDraft,
    PostingRule,
    PostingSlot,
    PostSnippet,
    PostState,
)
from backend.db.tables.recipe import Preset, PromptTemplate, PromptUse, Style, TemplateVersion, UnsavedForm, Wildcard
from backend.db.tables.reel import Reel, ReelClip, ReelScene
from backend.db.tables.training import TrainingCheckpoint, TrainingPoint, TrainingRun, TrainingSample
from backend.db.tables.trial import Trial, TrialCell, TrialVote
from backend.db.tables.undo_entry import UndoRow
from backend.db.tables.voice import InfluencerVoice, LexiconEntry, SpokenAudio, Voice
from backend.db.tables.webhook import WebhookAttempt, WebhookCursor, WebhookEndpoint, WebhookMessage
from backend.db.tables.writing import TalkLine, TextDraft
from backend.db.tables.writing_style import StyleSource, StyleText, WritingStyle

WITHOUT_TENANT = frozenset(
    {
        "workspaces",
        "users",
        "sessions",
        "password_resets",
        "recovery_codes",
        "throttles",
        "turns",
        "workers",
        "devices",
        "schedules",
        "backups",
        "backup_status",
        "restores",
        "webhook_cursors",
        "work_times",
        "installation_samples",
        "alembic_version",
    }
)
"""Tables that row-level security does not confine to a workspace. A test holds that the list is exact."""

__all__ = [
    "EMAIL_CHOICES",
    "FINAL",
    "MOVES",
    "POST_MOVES",
    "WITHOUT_TENANT",
    "ApiKey",
    "Asset",
    "AssetUse",
    "Attempt",
    "AuditChange",
    "Automation",
    "AutomationRun",
    "AutomationStep",
    "AutomationTimer",
    "Backup",
    "BackupStatus",
    "Base",
    "Board",
    "BoardPicture",
    "Budget",
    "CalendarFeed",
    "Campaign",
    "CaptionResult",
    "CaptionRun",
    "Channel",
    "Clip",
    "ComfyGraph",
    "Consent",
    "ContentPlan",
    "Dataset",
    "DatasetCaption",
    "DatasetEdit",
    "DatasetImage",
    "DatasetRight",
    "Device",
    "EventRow",
    "Generation",
    "IdempotentRequest",
    "IdentityProfile",
    "Influencer",
    "InfluencerVoice",
    "InstallationSample",
    "Invitation",
    "Job",
    "JobLog",
    "JobState",
    "JobStep",
    "LexiconEntry",
    "LlmCall",
    "Lora",
    "Membership",
    "Notice",
    "NoticeDelivery",
    "NoticeFeed",
    "NoticePreference",
    "NoticeSettings",
    "NoticeTarget",
    "PasswordReset",
    "Picture",
    "PictureAct",
    "PictureCheck",
    "PictureLora",
    "PlanAct",
    "PlanVersion",
    "Post",
    "PostAttempt",
    "PostDraft",
    "PostSnippet",
    "PostState",
    "PostingRule",
    "PostingSlot",
    "Preset",
    "PromptTemplate",
    "PromptUse",
    "RecoveryCode",
    "Reel",
    "ReelClip",
    "ReelScene",
    "Rendition",
    "Restore",
    "Schedule",
    "SessionRow",
    "SpokenAudio",
    "Style",
    "StyleSource",
    "StyleText",
    "TalkLine",
    "TemplateVersion",
    "TextDraft",
    "Throttle",
    "Track",
    "TrainingCheckpoint",
    "TrainingPoint",
    "TrainingRun",
    "TrainingSample",
    "Trial",
    "TrialCell",
    "TrialVote",
    "Turn",
    "UndoRow",
    "UnsavedForm",
    "Upload",
    "User",
    "Voice",
    "WebhookAttempt",
    "WebhookCursor",
    "WebhookEndpoint",
    "WebhookMessage",
    "Wildcard",
    "WorkTime",
    "Worker",
    "Workspace",
    "WritingStyle",
]
