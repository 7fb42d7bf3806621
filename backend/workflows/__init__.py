"""ComfyUI workflows of a workspace: imported, mapped, tried, approved, then used like built-in ones."""

from backend.workflows.queries import approved, get, page, usable
from backend.workflows.rules import problems, remarks
from backend.workflows.schemas import WorkflowCard, WorkflowDraft, WorkflowEdit
from backend.workflows.service import (
    approve,
    archive,
    check_usable,
    delete,
    edit,
    import_workflow,
    record_trial,
    record_trial_request,
    undelete,
)

__all__ = [
    "WorkflowCard",
    "WorkflowDraft",
    "WorkflowEdit",
    "approve",
    "approved",
    "archive",
    "check_usable",
    "delete",
    "edit",
    "get",
    "import_workflow",
    "page",
    "problems",
    "record_trial",
    "record_trial_request",
    "remarks",
    "undelete",
    "usable",
]
