"""Posts: planned on a calendar, reviewed, scheduled, published exactly once."""

from backend.content_plans.attention import Attention, Closed, Pace, Stopped, needs_people, paces
from backend.content_plans.auto_fix import edit_file, fix, put_back
from backend.content_plans.bulk import Mark, delete_many, illustrate, say_it_needs_a_picture, series, taken
from backend.content_plans.calendar import empty_days, entries, month, near, undated
from backend.content_plans.checks import problems
from backend.content_plans.dates import move, next_free, shift, undo
from backend.content_plans.edits import FileEdit
from backend.content_plans.expected_version import NOT_SAID, ChangedSince, Difference, Shown, differences
from backend.content_plans.expected_version import require as require_shown
from backend.content_plans.faces import FaceMatch
from backend.content_plans.faces import of_plans as faces_of
from backend.content_plans.history import forget, latest
from backend.content_plans.offsets import MOST_MINUTES, after_minutes
from backend.content_plans.plans import create, delete, duplicate, repurpose, rests, save
from backend.content_plans.posting_rules import of as rules_of
from backend.content_plans.posting_rules import resume, stop, workspace_stopped
from backend.content_plans.posting_rules import save as save_rules
from backend.content_plans.publish_now import needs_approval, ready_now, why_not_now
from backend.content_plans.queries import attempts, counts, get, get_post, page, plan_of
from backend.content_plans.rules import WORDS, hashtags, needs_picture, whole_caption
from backend.content_plans.schedule import (
    approve,
    decide_unknown,
    hold,
    posted,
    reject,
    release,
    schedule,
    submit,
    unschedule,
)
from backend.content_plans.schemas import (
    MOST_AT_ONCE,
    AttemptCard,
    CalendarEntry,
    Outcome,
    PlanCard,
    PlanDraft,
    PlanFilters,
    PlanPage,
    PostCard,
    RulesCard,
    RulesDraft,
    UndoEntry,
    VariantDraft,
)
from backend.content_plans.slots import Slot
from backend.content_plans.time_zones import instant, wall_in
from backend.content_plans.unsaved_drafts import Typed, drop_typed, forget_typed, keep_typed, typed
from backend.db.tables import PostState

__all__ = [
    "MOST_AT_ONCE",
    "MOST_MINUTES",
    "NOT_SAID",
    "WORDS",
    "AttemptCard",
    "Attention",
    "CalendarEntry",
    "ChangedSince",
    "Closed",
    "Difference",
    "FaceMatch",
    "FileEdit",
    "Mark",
    "Outcome",
    "Pace",
    "PlanCard",
    "PlanDraft",
    "PlanFilters",
    "PlanPage",
    "PostCard",
    "PostState",
    "RulesCard",
    "RulesDraft",
    "Shown",
    "Slot",
    "Stopped",
    "Typed",
    "UndoEntry",
    "VariantDraft",
    "after_minutes",
    "approve",
    "attempts",
    "counts",
    "create",
    "decide_unknown",
    "delete",
    "delete_many",
    "differences",
    "drop_typed",
    "duplicate",
    "edit_file",
    "empty_days",
    "entries",
    "faces_of",
    "fix",
    "forget",
    "forget_typed",
    "get",
    "get_post",
    "hashtags",
    "hold",
    "illustrate",
    "instant",
    "keep_typed",
    "latest",
    "month",
    "move",
    "near",
    "needs_approval",
    "needs_people",
    "needs_picture",
    "next_free",
    "paces",
    "page",
    "plan_of",
    "posted",
    "problems",
    "put_back",
    "ready_now",
    "reject",
    "release",
    "repurpose",
    "require_shown",
    "rests",
    "resume",
    "rules_of",
    "save",
    "save_rules",
    "say_it_needs_a_picture",
    "schedule",
    "series",
    "shift",
    "stop",
    "submit",
    "taken",
    "typed",
    "undated",
    "undo",
    "unschedule",
    "wall_in",
    "whole_caption",
    "why_not_now",
    "workspace_stopped",
]  # fmt: skip
