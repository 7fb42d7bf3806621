"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when the app is lost.

The secret is stored encrypted and bound to its user. A code is good once: the time step of the last one is kept, and an earlier
or equal step is refused. A sign-in of somebody with a second factor makes a ticket that nobody can exchange before `confirm`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pyotp
from pydantic import SecretStr
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from backend.accounts import passwords, throttle
from backend.accounts.rules import TICKET_TTL_S
from backend.accounts.sign_in_events import record_for
from backend.db.callers import NOWHERE, Origin
from backend.db.sealed_columns import reseal
from backend.db.tables import Membership, RecoveryCode, SessionRow, User
from backend.db.transactions import Anonymous, Database, SignedIn, hash_token
from backend.errors import Conflict, Invalid, NotSignedIn
from backend.kit.secrets import KeyRing
from backend.language import tr_lazy
from backend.settings import Settings

ISSUER = "InfluencerAI Studio"
RECOVERY_CODES = 10
_STEP_S = 30
_DRIFT_STEPS = 1
"""Codes of the step before and after are taken too: clocks differ."""
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_WRONG_CODE = tr_lazy("This code is not right. Codes change every 30 seconds: try the next one. A recovery code works too.")
_now = func.clock_timestamp()


@dataclass(frozen=True, slots=True)
class TwoFactorSetup:
    """`uri`: otpauth://…, for a QR code; `secret`: the same in base32, to type by hand."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TwoFactorState:
    """`recovery_codes`: how many are left."""

    enabled: bool
    recovery_codes: int


def state(tx: Session) -> TwoFactorState:
    """Of the acting person."""
    user_id = tx.info["user_id"]
    enabled_at = tx.scalar(select(User.totp_enabled_at).where(User.id == user_id))
    unused = RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    return TwoFactorState(enabled_at is not None, tx.scalar(select(func.count()).where(*unused)) or 0)


def begin(tx: Session, settings: Settings) -> TwoFactorSetup:
    """Makes a secret for the acting person's app. It has no effect before `enable`; begun again, an earlier one is void.

    Raises Conflict when a second factor is on already.
    """
    user = tx.scalars(select(User).where(User.id == tx.info["user_id"]).with_for_update()).one()
    if user.totp_enabled_at is not None:
        raise Conflict(tr_lazy("Two-factor sign-in is on already. Turn it off first to set it up again."))
    secret = pyotp.random_base32()
    user.totp_secret = _ring(settings).seal(secret, tenant_id="", row_id=user.id)
    return TwoFactorSetup(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER))


def enable(tx: Session, settings: Settings, code: str) -> list[str]:
    """Turns the second factor on, once a code shows that the app has the secret. Returns recovery codes, which are shown once.

    Raises Invalid (a wrong code), Conflict (not begun, or on already).
    """
    user = tx.scalars(select(User).where(User.id == tx.info["user_id"]).with_for_update()).one()
    if user.totp_secret is None or user.totp_enabled_at is not None:
        raise Conflict(tr_lazy("Start over: this set-up has expired, or was finished in another tab."))
    step = _step_of(_open_secret(settings, user), code)
    if step is None:
        raise Invalid(_WRONG_CODE)
    tx.execute(update(User).where(User.id == user.id).values(totp_enabled_at=_now, totp_last_step=step))
    record_for(tx, user.id, "two_factor.on")
    return _new_recovery_codes(tx, user.id)


def turn_off(db: Database, caller: SignedIn, *, password: SecretStr, address: str = "") -> None:
    """Turns the second factor off. Raises Invalid for a wrong password, which is counted like a failed sign-in; TooMany."""
    _check_password(db, caller, password, address)
    with db.transaction(caller) as tx:
        turn_off_for(tx, tx.info["user_id"])
        record_for(tx, tx.info["user_id"], "two_factor.off")


def new_recovery_codes(db: Database, caller: SignedIn, *, password: SecretStr, address: str = "") -> list[str]:
    """Recovery codes in place of the earlier ones, shown once. Raises as `turn_off`, and Conflict while it is off."""
    _check_password(db, caller, password, address)
    with db.transaction(caller) as tx:
        if tx.scalar(select(User.totp_enabled_at).where(User.id == tx.info["user_id"])) is None:
            raise Conflict(tr_lazy("Two-factor sign-in is off. Turn it on first."))
        return _new_recovery_codes(tx, tx.info["user_id"])


def turn_off_for(tx: Session, user_id: str) -> None:
    """Without asking: for `turn_off`, and for the server's command line."""
    tx.execute(update(User).where(User.id == user_id).values(totp_secret=None, totp_enabled_at=None, totp_last_step=0))
    tx.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def code_needed(tx: Session, ticket: str) -> bool:
    """Whether the ticket of a sign-in waits for a code. `tx`: of Anonymous()."""
    return bool(tx.scalar(select(SessionRow.code_needed).where(SessionRow.ticket_hash == hash_token(ticket))))


def confirm(
    db: Database,
    settings: Settings,
    ticket: str,
    code: str,
    *,
    origin: Origin = NOWHERE,
    recognise: Callable[[str], str] = lambda user_id: "",
) -> None:
    """Checks the code of a sign-in whose ticket waits for one; the ticket can be exchanged for 30 seconds afterwards.

    Opens its own transactions, so that a wrong code stays counted. `origin` and `recognise` as for `sign_in`. Raises
    NotSignedIn (a wrong code, or the sign-in took too long), TooMany.
    """
    waiting = SessionRow.ticket_hash == hash_token(ticket), SessionRow.code_needed, SessionRow.ticket_expires_at > _now
    with db.transaction(Anonymous()) as tx:
        user = tx.scalars(select(User).join(SessionRow, SessionRow.user_id == User.id).where(*waiting)).first()
        if user is None:
            raise NotSignedIn(tr_lazy("That sign-in took too long. Please sign in once more."))
        user_id, email = user.id, user.email
    attempt = throttle.count_attempt(db, email=f"{email} code", address=origin.address, device=recognise(user_id))
    try:
        with attempt, db.transaction(Anonymous()) as tx:
            if not _take_code(tx, settings, user_id, code):
                raise NotSignedIn(_WRONG_CODE)
            expires_at = _now + timedelta(seconds=TICKET_TTL_S)
            values = {"code_needed": False, "ticket_expires_at": expires_at, "expires_at": expires_at}
            tx.execute(update(SessionRow).where(*waiting).values(**values).execution_options(synchronize_session=False))
    except NotSignedIn:
        with db.transaction(Anonymous()) as tx:
            record_for(tx, user_id, "session.refused", {"reason": "code"}, origin=origin)
        raise


def _take_code(tx: Session, settings: Settings, user_id: str, code: str) -> bool:
    """Uses up the code of the app, or a recovery code. Of two calls at once with the same code one succeeds."""
    user = tx.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    if user.totp_secret is None:
        return False
    step = _step_of(_open_secret(settings, user), code)
    if step is not None:
        if step <= user.totp_last_step:
            return False
        tx.execute(update(User).where(User.id == user_id).values(totp_last_step=step))
        return True
    unused = RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hashed(code), RecoveryCode.used_at.is_(None)
    used = tx.execute(update(RecoveryCode).where(*unused).values(used_at=_now).returning(RecoveryCode.user_id))
    return used.first() is not None


def _step_of(secret: str, code: str) -> int | None:
    """The time step whose code this is, None for no step near now."""
    digits = "".join(code.split())
    current, totp = int(time.time()) // _STEP_S, pyotp.TOTP(secret)
    steps = range(current - _DRIFT_STEPS, current + _DRIFT_STEPS + 1)
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step), digits)), None)


def _new_recovery_codes(tx: Session, user_id: str) -> list[str]:
    codes = ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)]
    tx.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    tx.add_all(RecoveryCode(user_id=user_id, code_hash=_hashed(code)) for code in codes)
    return codes


def _check_password(db: Database, caller: SignedIn, password: SecretStr, address: str) -> None:
    with db.transaction(caller) as tx:
        user = tx.scalars(select(User).where(User.id == tx.info["user_id"])).one()
        email, password_hash = user.email, user.password_hash
    with throttle.count_attempt(db, email=email, address=address, device=caller.token):
        if not passwords.matches(password, password_hash):
            raise Invalid(tr_lazy("The password is not right. Nothing was changed."))


def _hashed(code: str) -> str:
    return hash_token("".join(character for character in code.lower() if character.isalnum()))


def _open_secret(settings: Settings, user: User) -> str:
    assert user.totp_secret is not None
    return _ring(settings).open(user.totp_secret, tenant_id="", row_id=user.id)


def _ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.secret_keys.get_secret_value())


def reseal_secrets(tx: Session, settings: Settings) -> int:
    """Brings the secrets of the workspace's members under the newest key. Returns how many were under an older one."""
    members = User.id.in_(select(Membership.user_id).where(Membership.tenant_id == tx.info["tenant_id"]))
    return reseal(tx, _ring(settings), User.totp_secret, members, row_id=User.id, tenant_id="")
