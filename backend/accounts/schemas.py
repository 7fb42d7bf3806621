"""The drafts that accounts takes and the cards that it returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from backend.accounts.rules import checked_email, checked_name, checked_password
from backend.kit.drafts import Draft

Email = Annotated[str, AfterValidator(checked_email)]
Name = Annotated[str, AfterValidator(checked_name)]
Password = Annotated[SecretStr, AfterValidator(checked_password)]


class SetupDraft(Draft):
    """The first person and the first workspace."""

    name: Name
    email: Email
    password: Password
    workspace: Name = "My studio"

    @model_validator(mode="after")
    def _password_is_not_about_them(self) -> Self:
        checked_password(self.password, about=(self.name, self.email))
        return self


class NewPerson(Draft):
    """Somebody who accepts an invitation and has no account yet."""

    name: Name
    email: Email
    password: Password

    @model_validator(mode="after")
    def _password_is_not_about_them(self) -> Self:
        checked_password(self.password, about=(self.name, self.email))
        return self


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """How a person reads; "": as their browser, or the language, has it. `language`: a key of LANGUAGES; `zone`: IANA name;
    `date_style`: dmy, mdy or iso; `hours`: 12 or 24; `week_start`: mon, sat or sun; `currency`: ISO code that costs are also
    shown in; `theme`: light or dark; `single_keys`: off: keys without Ctrl or Cmd do nothing, "": they do."""

    language: str = ""
    zone: str = ""
    date_style: str = ""
    hours: str = ""
    week_start: str = ""
    currency: str = ""
    theme: str = ""
    single_keys: str = ""


@dataclass(frozen=True, slots=True)
class UserCard:
    """`avatar_id` "": no picture. `is_new`: the tour of the studio was not offered to them yet."""

    id: str
    email: str
    name: str
    avatar_id: str = ""
    reading: ReadingSettings = ReadingSettings()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class WorkspaceCard:
    """`role`: what the asking person may do there."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """The person who holds a session token, and their workspaces by name."""

    user: UserCard
    session_id: str
    workspaces: tuple[WorkspaceCard, ...]

    def workspace(self, workspace_id: str) -> WorkspaceCard | None:
        return next((workspace for workspace in self.workspaces if workspace.id == workspace_id), None)


@dataclass(frozen=True, slots=True)
class MemberCard:
    user_id: str
    email: str
    name: str
    role: str
    since: datetime
    avatar_id: str = ""


@dataclass(frozen=True, slots=True)
class SessionCard:
    """A signed-in browser or program. `current`: the one that asks."""

    id: str
    user_agent: str
    signed_in_at: datetime
    last_seen_at: datetime
    current: bool
    is_program: bool = False


@dataclass(frozen=True, slots=True)
class InvitationCard:
    """`email` empty: whoever holds the link."""

    id: str
    email: str
    role: str
    expires_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """`secret`: of its link, which is not stored and cannot be shown again."""

    card: InvitationCard
    secret: str


@dataclass(frozen=True, slots=True)
class InvitationPreview:
    """What the holder of an invitation link sees before accepting. `email` empty: whoever holds the link may use it."""

    workspace: WorkspaceCard
    email: str
    invited_by: str
