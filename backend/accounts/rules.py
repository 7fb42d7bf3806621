"""What a name, an e-mail address and a password must look like; how long a throttled person waits. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import SecretStr

from backend.language import tr_lazy, tr_lazy_plural

INVITE_PARAM = "invite"
"""The parameter of the studio's address that carries an invitation's secret."""
TICKET_TTL_S = 30
CODE_TTL_S = 300
"""How long a ticket of a sign-in is valid, and how long there is to enter the code of a second factor."""
MIN_PASSWORD = 10
MAX_PASSWORD_BYTES = 72  # bcrypt reads no further; refusing is better than ignoring the rest
WINDOW_S = 900
FREE_TRIES = {"sign-in": 5, "sign-in-from": 40}
"""Failed tries in a window before the first wait: per e-mail address, per network address."""
MAX_WAIT_S = 900

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_COMMON = ("password", "letmein", "iloveyou", "studio", "influencer")
_RATED_CHARACTERS = 24
"""How many characters of a password are rated: rating a long odd one takes seconds, and a strong beginning is enough."""
_MIN_GUESSES = 10**6


def checked_email(value: str) -> str:
    """Lower case. Raises ValueError with a sentence."""
    email = value.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise ValueError(tr_lazy("That is not an e-mail address. It looks like name@example.org."))
    return email


def checked_name(value: str) -> str:
    if not 2 <= len(value.strip()) <= 80:
        raise ValueError(tr_lazy("A name has 2 to 80 characters."))
    return value.strip()


def checked_password(value: SecretStr, *, about: Sequence[str] = ()) -> SecretStr:
    """`value`, if it is strong enough. `about`: its owner's name and e-mail address, of which it must not consist. Raises
    ValueError with a sentence."""
    password = value.get_secret_value()
    if len(password) < MIN_PASSWORD:
        raise ValueError(
            tr_lazy(
                "The password needs at least {min_password} characters. Three or four words in a row are easy to remember.",
                min_password=MIN_PASSWORD,
            )
        )
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise ValueError(
            tr_lazy(
                "The password is too long: at most {max_password_bytes} characters (fewer with accents or emoji).",
                max_password_bytes=MAX_PASSWORD_BYTES,
            )
        )
    if re.sub(r"[\W\d_]+$", "", password.lower()) in _COMMON or _guesses(password) < _MIN_GUESSES:
        raise ValueError(
            tr_lazy("That password is one of the first to be guessed. Choose words that only you would put together.")
        )
    if about and _guesses(password, about) < _MIN_GUESSES:
        raise ValueError(
            tr_lazy("That password is little more than your name or e-mail address. Choose words that say nothing about you.")
        )
    return value


def _guesses(password: str, about: Sequence[str] = ()) -> float:
    """How many guesses somebody needs who knows common passwords, words and patterns, and `about` (zxcvbn)."""
    from zxcvbn import zxcvbn  # 12 MB of word lists: only where a password is chosen

    parts = [part for text in about for part in (text, *text.split("@"), *re.split(r"[\W_]+", text))]
    words = [word for part in parts for word in (part, re.sub(r"[\W_]+", "", part)) if len(word) > 2]
    return float(zxcvbn(password[:_RATED_CHARACTERS], user_inputs=words)["guesses"])


def wait_s(failures: int, *, free: int) -> int:
    """Seconds until the next try after so many failures in the window: 0, then 30, 60, 120 … 900."""
    return 0 if failures < free else min(30 * 2 ** min(failures - free, 10), MAX_WAIT_S)


def in_words(seconds: float) -> str:
    """“40 seconds”, “4 minutes”: rounded up, so that waiting that long is enough."""
    whole = max(1, int(-(-seconds // 1)))
    if whole <= 90:
        return tr_lazy_plural("{n} second", "{n} seconds", whole)
    return tr_lazy_plural("{n} minute", "{n} minutes", -(-whole // 60))
