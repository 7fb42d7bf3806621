"""Whether the model and the workflow support what a draft asks for. Pure."""

from __future__ import annotations

from backend.engines.ports.image import ModelCard
from backend.errors import Invalid
from backend.generation.schemas import GenerationDraft
from backend.workflows import WorkflowCard

ELSEWHERE = "Choose another model, or leave it out."


def check(draft: GenerationDraft, model: ModelCard, workflow: WorkflowCard | None) -> None:
    """Raises Invalid with a sentence that says what to change."""
    if draft.pose and draft.init_asset_id:
        raise Invalid("A pose cannot be held while drawing from a picture. Leave one of them out.")
    if draft.second_pass and draft.init_asset_id:
        raise Invalid("A second pass needs a drawing from words alone. Leave the starting picture out, or enlarge it after.")
    if workflow:
        _check_workflow(draft, model, workflow)
        return
    requested = {
        "picture": draft.init_asset_id and "draw from a picture",
        "mask": draft.mask_asset_id and "change a part of a picture",
        "pose": draft.pose and "hold a pose",
        "pose-photo": draft.pose and not draft.pose.drawn and "read a pose from a picture (only one drawn as a skeleton)",
        "hires": draft.second_pass and "draw a second, larger pass",
    }
    for feature, ability in requested.items():
        if ability and feature not in model.features:
            raise Invalid(f"{model.title} cannot {ability} here. {ELSEWHERE}")


def _check_workflow(draft: GenerationDraft, model: ModelCard, workflow: WorkflowCard) -> None:
    if "graph" not in model.features:
        raise Invalid(
            f"The workflow {workflow.name} needs a ComfyUI, which does not draw here now. Choose the built-in workflow."
        )
    requested = {
        "picture": (draft.init_asset_id, "starting picture"),
        "mask": (draft.mask_asset_id, "mask"),
        "pose": (draft.pose, "picture of a pose"),
        "scale": (draft.second_pass, "second pass"),
        "lora": (draft.loras, "LoRA"),
    }
    for role, (value, noun) in requested.items():
        takes = role in workflow.takes
        if value and not takes:
            raise Invalid(f"The workflow {workflow.name} takes no {noun}. Leave it out, or choose another workflow.")
        if not value and takes and role in {"picture", "mask", "pose"}:
            raise Invalid(f"The workflow {workflow.name} needs a {noun}. Choose one first.")


def notes(draft: GenerationDraft, workflow: WorkflowCard | None, width: int, height: int) -> list[str]:
    """Sentences about workflow, pose and second pass for the preview of a request."""
    lines = []
    if workflow:
        lines.append(f"Drawn with the workflow {workflow.name}; what it has no input for stays as it says.")
    if draft.pose:
        lines.append(f"The pose of a picture is held at {draft.pose.strength:g}.")
    if draft.second_pass:
        scale = draft.second_pass.scale
        lines.append(f"A second pass makes it {round(width * scale)} × {round(height * scale)} px.")
    return lines
