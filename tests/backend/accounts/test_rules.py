"""Names, addresses, passwords and waiting times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from backend.accounts.rules import checked_email, checked_name, checked_password, in_words, wait_s


@pytest.mark.parametrize("email", ["ada@example.org", " Ada@Example.ORG ", "a.b+c@sub.example.co"])
def test_addresses_are_kept_in_lower_case(email: str) -> None:
    assert checked_email(email) == email.strip().lower()


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.org", "ada@example", "a b@example.org", "a@@example.org", "a" * 250 + "@e.org"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(ValueError, match=r"looks like name@example\.org"):
        checked_email(email)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "at least 10"),
        ("aaaaaaaaaaaaa", "guessed"),
        ("1234567890", "guessed"),
        ("Password2026!", "guessed"),
        ("0123456789", "guessed"),
        ("qwerty123456", "guessed"),
        ("passw0rd123", "guessed"),
        ("welcome123", "guessed"),
        ("iloveyou2024", "guessed"),
        ("x1" * 40, "too long"),
        ("ä" * 20 + "ö" * 20, "too long"),
    ],
)
def test_bad_passwords_get_a_sentence(password: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        checked_password(SecretStr(password))


@pytest.mark.parametrize("password", ["ada.owner@example.org", "ada owner 12", "Ada.Owner1", "adaadaadaada"])
def test_a_password_says_nothing_about_its_owner(password: str) -> None:
    assert checked_password(SecretStr("three happy ducks"), about=("Ada Owner", "ada.owner@example.org"))
    with pytest.raises(ValueError, match=r"e-mail address|guessed"):
        checked_password(SecretStr(password), about=("Ada Owner", "ada.owner@example.org"))


@pytest.mark.parametrize("password", ["three happy ducks", "Tr0ub4dor&3x", "пароль из слов"])
def test_good_passwords_pass(password: str) -> None:
    assert checked_password(SecretStr(password)).get_secret_value() == password


def test_names_have_two_to_eighty_characters() -> None:
    assert checked_name("  Zoë 🙂 ") == "Zoë 🙂"
    for bad in ("", " x ", "x" * 81):
        with pytest.raises(ValueError, match="2 to 80"):
            checked_name(bad)


@given(st.integers(0, 5000), st.integers(1, 50))
def test_waits_grow_and_end(failures: int, free: int) -> None:
    assert wait_s(failures, free=free) <= wait_s(failures + 1, free=free) <= 900
    assert (wait_s(failures, free=free) == 0) == (failures < free)


def test_waits_in_words_are_long_enough() -> None:
    assert [in_words(s) for s in (0.2, 30, 90, 91, 240, 241)] == [
        "1 second",
        "30 seconds",
        "90 seconds",
        "2 minutes",
        "4 minutes",
        "5 minutes",
    ]
