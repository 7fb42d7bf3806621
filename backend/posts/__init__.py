"""Posts: planned on a calendar, reviewed, scheduled, published exactly once."""

from backend.posts.agenda import empty_days, near, spots, undated
from backend.posts.attention import Attention, Closed, Pace, Stopped, needs_people, paces
from backend.posts.checking import problems
from backend.posts.edits import FileEdit
from backend.posts.filling import Mark, delete_many, illustrate, series, taken
from backend.posts.fixing import edit_file, fix, put_back
from backend.posts.history import forget, latest
from backend.posts.placing import move, next_free, shift, undo
from backend.posts.planning import create, delete, duplicate, repurpose, save
from backend.posts.queries import attempts, counts, get, get_post, page, plan_of
from backend.posts.readying import ready_now
from backend.posts.rules import WORDS, hashtags, whole_caption
from backend.posts.ruling import of as rules_of
from backend.posts.ruling import resume, stop, workspace_stopped
from backend.posts.ruling import save as save_rules
from backend.posts.scheduling import (
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
from backend.posts.schemas import (
    MOST_AT_ONCE,
    ActCard,
    AttemptCard,
    Outcome,
    PlanCard,
    PlanDraft,
    PlanFilters,
    PlanPage,
    PostCard,
    RulesCard,
    RulesDraft,
    Spot,
    VariantDraft,
)
from backend.posts.slots import Slot
from backend.posts.staggering import MOST_MINUTES, after_minutes
from backend.posts.zones import instant, wall_in
from backend.tables import PostState

__all__ = [
    "MOST_AT_ONCE", "MOST_MINUTES", "WORDS", "ActCard", "AttemptCard", "Attention", "Closed", "FileEdit", "Mark", "Outcome",
    "Pace", "PlanCard", "PlanDraft", "PlanFilters", "PlanPage", "PostCard", "PostState", "RulesCard", "RulesDraft", "Slot",
    "Spot", "Stopped", "VariantDraft", "after_minutes", "approve", "attempts", "counts", "create", "decide_unknown", "delete",
    "delete_many", "duplicate", "edit_file", "empty_days", "fix", "forget", "get", "get_post", "hashtags", "hold",
    "illustrate", "instant", "latest", "move", "near", "needs_people", "next_free", "paces", "page", "plan_of", "posted",
    "problems", "put_back", "ready_now", "reject", "release", "repurpose", "resume", "rules_of", "save",
    "save_rules", "schedule", "series", "shift", "spots", "stop", "submit", "taken", "undated", "undo", "unschedule",
    "wall_in", "whole_caption", "workspace_stopped",
]  # fmt: skip
