"""Who opens a transaction: a member of a workspace by one of three credentials, the studio itself, or nobody yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person in a workspace: the session's secret (from the cookie) and the workspace of the URL."""

    token: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class ProgramSession:
    """A person's program that signed in with e-mail and password: the session that its access token names, which is checked
    anew by each transaction."""

    session_id: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A program with an API key. `tenant_id`: the key's own workspace. `scopes`: see backend.access.scopes; they are checked
    at the doors (routes, MCP tools), while the transaction checks that the key is still valid and its role."""

    key_hash: str
    tenant_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class SystemCaller:
    """The studio itself, in one workspace, with an owner's rights. Only workers (for the workspace of a job's row) and the
    studio's own maintenance use it. `user_id`: the person it acts for, or ""."""

    tenant_id: str
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No workspace: sign-in, invitations, and, with `user_id`, the list of that person's workspaces."""

    user_id: str = ""


Member = SignedIn | ProgramSession | KeyHolder
"""Whoever acts in a workspace with the rights of one of its members."""
Caller = Member | SystemCaller | Anonymous
