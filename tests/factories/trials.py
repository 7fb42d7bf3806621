"""A finished comparison of versions, as rows."""

from __future__ import annotations

from typing import Any

from backend import comparisons
from backend.comparisons import ComparisonDraft, ScoringInfo
from backend.db.tables import Job, Trial, TrialCell
from backend.db.transactions import Database
from backend.engines.ports.image import ModelCard
from backend.kit.ids import new_id
from tests.factories.account import Tenant
from tests.factories.studio_rows import image_asset

PROMPTS = ("portrait of bella, in a gym, wearing red", "bella, at the beach")
SCORES = {0: (0.1, 1.0), 50: (0.5, 1.0), 100: (0.9, 1.0), 150: (0.95, 0.0)}
"""Identity and adherence by step: the middle checkpoint is the best, the last one no longer listens."""
STARTER = ModelCard("starter", "Starter", "starter-128", 128, 8, ("ddim",), "ddim", 20, 3.0, True)


def make_trial(db: Database, workspace: Tenant, run_id: str, **judged: Any) -> str:
    """Of all checkpoints of the run of `studio_rows.fill`. `judged`: why there are no scores; then there are none."""
    with db.transaction(workspace.caller, needs="editor") as tx:
        draft = ComparisonDraft(run_id=run_id, strengths=(0.6, 1.0), prompts=PROMPTS)
        card = comparisons.start(tx, draft=draft, models=[STARTER], request_key=new_id("key"))
        tx.get_one(Job, card.job_id).state = "completed"
        for cell in comparisons.planned_cells(card.plan):
            row = TrialCell(id=new_id("cell"), trial_id=card.id, n=cell.n, step=cell.arm.step, strength=cell.arm.strength)
            row.prompt_n, row.seed_n, row.asset_id = cell.prompt_n, cell.seed_n, image_asset(tx, [], side=128)
            row.dhash = f"{cell.n * 0x9E3779B97F4A7C15 % (1 << 64):016x}"
            if not judged:
                row.identity, row.adherence = SCORES[cell.arm.step]
                row.seen = {"place": ["in a gym", bool(row.adherence)]}
            tx.flush()
            tx.add(row)
        tx.get_one(Trial, card.id).judged = ScoringInfo(embedder="x:1", references=14, own=0.97, **judged).model_dump()
        return card.id
