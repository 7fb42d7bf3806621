"""Workspaces, people, memberships, sessions and the links that let people in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import Base, Dated, Tenanted, one_of, tenant_key


class Workspace(Dated, Base):
    """A tenant. Its id is what every tenant table's `tenant_id` holds."""

    __tablename__ = "workspaces"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class User(Dated, Base):
    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    name: Mapped[str]
    password_hash: Mapped[str]
    disabled_at: Mapped[datetime | None]
    avatar: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """WebP, as the browser cut it; at most MAX_AVATAR_BYTES."""
    avatar_id: Mapped[str] = mapped_column(server_default="")
    """Another one for each picture, so that browsers may keep what they have fetched; "": no picture."""
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret of the authenticator app, encrypted and bound to the user. It counts once `totp_enabled_at` is set."""
    totp_enabled_at: Mapped[datetime | None]
    totp_last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The time step of the last code that was used: no code is taken twice."""
    language: Mapped[str] = mapped_column(server_default="")
    """What follows is how this person reads; "": as their browser or the language has it. Keys of backend.accounts.reading."""
    zone: Mapped[str] = mapped_column(server_default="")
    date_style: Mapped[str] = mapped_column(server_default="")
    hours: Mapped[str] = mapped_column(server_default="")
    week_start: Mapped[str] = mapped_column(server_default="")
    currency: Mapped[str] = mapped_column(server_default="")
    theme: Mapped[str] = mapped_column(server_default="")
    single_keys: Mapped[str] = mapped_column(server_default="")
    tour_offered_at: Mapped[datetime | None]
    """When the person took the tour of the studio, or did not want it. None: Home offers it."""


class RecoveryCode(Dated, Base):
    """Instead of a code of the authenticator app, once."""

    __tablename__ = "recovery_codes"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Membership(Tenanted, Dated, Base):
    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint(one_of("role", "viewer", "editor", "owner"), name="role"),
        Index(None, "user_id", "tenant_id"),
    )
    tenant_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]


class SessionRow(Dated, Base):
    """A signed-in browser or program. Created with a one-time ticket at sign-in, which a browser exchanges for the cookie's
    token and a program for an access token and a refresh token (backend.access.tokens)."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id"), CheckConstraint(one_of("kind", "browser", "program"), name="kind"))
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    ticket_hash: Mapped[str | None] = mapped_column(unique=True)
    ticket_expires_at: Mapped[datetime | None]
    code_needed: Mapped[bool] = mapped_column(server_default=text("false"))
    """The ticket cannot be exchanged before the second factor was checked."""
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(server_default="browser")
    refreshes: Mapped[int] = mapped_column(server_default="0")
    """How often a program's tokens were renewed: a refresh token of an earlier number was used before."""
    user_agent: Mapped[str] = mapped_column(server_default="")
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Invitation(Tenanted, Dated, Base):
    __tablename__ = "invitations"
    __table_args__ = (CheckConstraint(one_of("role", "viewer", "editor", "owner"), name="role"), tenant_key())
    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(server_default="")
    """Empty: anybody who holds the link may use it, once."""
    role: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    revoked_at: Mapped[datetime | None]


class PasswordReset(Dated, Base):
    """A one-time link, created by an owner of a workspace that the person belongs to."""

    __tablename__ = "password_resets"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """Failed attempts per key (kind and hash of the e-mail address, network address or browser). A row, so that a restart
    does not clear the count."""

    __tablename__ = "throttles"
    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    window_started_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
