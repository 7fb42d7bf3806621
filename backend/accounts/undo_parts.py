"""What of members and workspaces can be undone."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend import undo
from backend.accounts import people
from backend.db.tables import Membership, Workspace
from backend.undo import Values


def _read_role(tx: Session, user_id: str) -> Values | None:
    own = Membership.tenant_id == tx.info["tenant_id"], Membership.user_id == user_id
    role = tx.scalar(select(Membership.role).where(*own))
    return None if role is None else {"role": role}


def _read_name(tx: Session, workspace_id: str) -> Values | None:
    name = tx.scalar(select(Workspace.name).where(Workspace.id == tx.info["tenant_id"], Workspace.id == workspace_id))
    return None if name is None else {"name": name}


def register_parts() -> None:
    undo.register(
        undo.Part(
            "member.role",
            read=_read_role,
            write=lambda tx, user_id, values: people.set_role(tx, user_id, values["role"]),
            needs="owner",
        )
    )
    undo.register(
        undo.Part(
            "workspace.name",
            read=_read_name,
            write=lambda tx, _, values: people.rename_workspace(tx, values["name"]),
            needs="owner",
        )
    )
