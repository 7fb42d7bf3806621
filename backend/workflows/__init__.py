"""ComfyUI workflows of a workspace: imported, mapped, tried, approved, then used like built-in ones."""

from backend.engines.comfyui.graphs.lint import MAX_GRAPH_CHARS, node_label
from backend.engines.comfyui.graphs.mapping import slot_choices
from backend.engines.comfyui.graphs.workflow import ROLES, role_label
from backend.engines.ports.workflow import InputSlot
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
    "MAX_GRAPH_CHARS",
    "ROLES",
    "InputSlot",
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
    "node_label",
    "page",
    "problems",
    "record_trial",
    "record_trial_request",
    "remarks",
    "role_label",
    "slot_choices",
    "undelete",
    "usable",
]
