"""ComfyUI workflows that people brought in: mapped, tried, approved, then used like built-in ones."""

from backend.workflows.queries import approved, get, page, usable
from backend.workflows.rules import problems, remarks
from backend.workflows.schemas import GraphCard, GraphDraft, GraphEdit
from backend.workflows.service import approve, archive, bring_in, check, delete, edit, tried, trying, undelete

__all__ = [
    "GraphCard", "GraphDraft", "GraphEdit", "approve", "approved", "archive", "bring_in", "check", "delete", "edit", "get",
    "page", "problems", "remarks", "tried", "trying", "undelete", "usable",
]  # fmt: skip
