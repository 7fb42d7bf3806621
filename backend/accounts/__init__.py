"""People, workspaces and the sessions that join them."""

from backend.accounts.cleanup import forget_sessions
from backend.accounts.entering import (
    arrive,
    exchange,
    found,
    is_new,
    revoke_session,
    sessions,
    sign_in,
    sign_out,
    sign_out_everywhere,
)
from backend.accounts.links import (
    accept,
    accept_as_new,
    invitations,
    invite,
    make_reset,
    make_reset_on_the_server,
    reset,
    reset_for,
    welcome,
    withdraw,
)
from backend.accounts.people import (
    change_password,
    create_workspace,
    members,
    remove_member,
    rename_user,
    rename_workspace,
    set_role,
)
from backend.accounts.schemas import (
    Arrival,
    Founding,
    InvitationCard,
    MemberCard,
    NewPerson,
    SessionCard,
    UserCard,
    Welcome,
    WorkspaceCard,
)

__all__ = [
    "Arrival", "Founding", "InvitationCard", "MemberCard", "NewPerson", "SessionCard", "UserCard", "Welcome", "WorkspaceCard",
    "accept", "accept_as_new", "arrive", "change_password", "create_workspace", "exchange", "forget_sessions", "found",
    "invitations", "invite", "is_new", "make_reset", "make_reset_on_the_server", "members", "remove_member", "rename_user",
    "rename_workspace", "reset", "reset_for", "revoke_session", "sessions", "set_role", "sign_in", "sign_out",
    "sign_out_everywhere", "welcome", "withdraw",
]  # fmt: skip
