"""Earlier prompts: each once, the one used last first."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.db.tables import PromptUse
from backend.errors import NotFound
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.prompt_library.schemas import EarlierPrompt


def record_prompt_use(tx: Session, prompt: str, negative: str = "") -> None:
    """Records that the user drew with this prompt."""
    if not prompt.strip():
        return
    values = {"prompt": prompt, "negative": negative}
    digest = hashlib.sha256(f"{prompt}\x1f{negative}".encode()).hexdigest()
    new = insert(PromptUse).values(id=new_id("say"), user_id=tx.info.get("user_id") or "", digest=digest, **values)
    update_values = {"uses": PromptUse.uses + 1, "used_at": func.clock_timestamp()}
    tx.execute(new.on_conflict_do_update(index_elements=["tenant_id", "user_id", "digest"], set_=update_values))


def earlier_prompts(tx: Session, *, text: str = "", everybody: bool = False, take: int = 30) -> list[EarlierPrompt]:
    """The user's own, or everybody's with equal prompts of several people shown once. Each has all words of `text`."""
    last = func.max(PromptUse.used_at)
    query = select(
        func.max(PromptUse.id), func.max(PromptUse.prompt), func.max(PromptUse.negative), func.sum(PromptUse.uses), last
    )
    if not everybody:
        query = query.where(PromptUse.user_id == (tx.info.get("user_id") or ""))
    for word in text.lower().replace("\x00", "").replace(",", " ").split()[:10]:
        query = query.where(func.lower(PromptUse.prompt).contains(word, autoescape=True))
    rows = tx.execute(query.group_by(PromptUse.digest).order_by(last.desc()).limit(take))
    return [EarlierPrompt(use_id, prompt, negative, int(uses), used_at) for use_id, prompt, negative, uses, used_at in rows]


def delete_earlier_prompt(tx: Session, use_id: str) -> None:
    """Deletes one of the user's own. Raises NotFound."""
    own_use = delete(PromptUse).where(PromptUse.id == use_id, PromptUse.user_id == (tx.info.get("user_id") or ""))
    if tx.scalar(own_use.returning(PromptUse.id)) is None:
        raise NotFound(tr_lazy("This prompt is not in your history any more."))
