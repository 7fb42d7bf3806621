"""What a name, an e-mail address and a password must look like; how long a throttled person waits. Pure."""

from __future__ import annotations

import re

from pydantic import SecretStr

MIN_PASSWORD = 10
MAX_PASSWORD_BYTES = 72  # bcrypt reads no further; refusing is better than ignoring the rest
WINDOW_S = 900
FREE_TRIES = {"sign-in": 5, "sign-in-from": 40}
"""Failed tries in a window before the first wait: per e-mail address, per network address."""
LONGEST_WAIT_S = 900

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_COMMON = ("password", "1234567890", "qwertyuiop", "letmein", "iloveyou", "studio", "influencer")


def checked_email(value: str) -> str:
    """Lower case. Raises ValueError with a sentence."""
    email = value.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise ValueError("That is not an e-mail address. It looks like name@example.org.")
    return email


def checked_name(value: str) -> str:
    if not 2 <= len(value.strip()) <= 80:
        raise ValueError("A name has 2 to 80 characters.")
    return value.strip()


def checked_password(value: SecretStr) -> SecretStr:
    password = value.get_secret_value()
    if len(password) < MIN_PASSWORD:
        raise ValueError(
            f"The password needs at least {MIN_PASSWORD} characters. Three or four words in a row are easy to remember."
        )
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise ValueError(f"The password is too long: at most {MAX_PASSWORD_BYTES} characters (fewer with accents or emoji).")
    plain = re.sub(r"[\W\d_]+$", "", password.lower())
    if len(set(password)) < 4 or password.lower() in _COMMON or plain in _COMMON:
        raise ValueError("That password is one of the first to be guessed. Choose words that only you would put together.")
    return value


def wait_s(failures: int, *, free: int) -> int:
    """Seconds until the next try after so many failures in the window: 0, then 30, 60, 120 … 900."""
    return 0 if failures < free else min(30 * 2 ** min(failures - free, 10), LONGEST_WAIT_S)


def in_words(seconds: float) -> str:
    """“40 seconds”, “4 minutes”: rounded up, so that waiting that long is enough."""
    whole = max(1, int(-(-seconds // 1)))
    if whole <= 90:
        return f"{whole} second{'s' if whole != 1 else ''}"
    return f"{-(-whole // 60)} minutes"
