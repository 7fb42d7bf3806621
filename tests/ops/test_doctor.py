"""`make doctor` names what is wrong and gives nothing away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from backend.settings import Settings
from ops import doctor

ANSWERS_NOT = "127.0.0.1:1"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def secrets_of_every_kind() -> dict[str, str]:
    """A value for each secret setting, and for each address one with a login and a query."""
    values = {name: f"hush-{name.lower()}" for name, value in Settings().by_variable() if isinstance(value, SecretStr)}
    addresses = ("DATABASE_URL", "REDIS_URL", "SMTP_URL")
    return values | {name: f"{name.split('_')[0].lower()}://user:hush-{name.lower()}@{ANSWERS_NOT}/x" for name in addresses}


def test_it_says_what_is_wrong_and_gives_nothing_away(elsewhere: Path, monkeypatch: Any, capsys: Any) -> None:
    env = secrets_of_every_kind() | {
        "DATABASE_URL": f"postgresql://user:hush-database@{ANSWERS_NOT}/x",
        "S3_ENDPOINT": f"http://{ANSWERS_NOT}",
        "COMFYUI_URL": f"http://hush-user:hush-password@{ANSWERS_NOT}",
        "STUDIO_DATA": str(elsewhere / "var"),
    }
    (elsewhere / ".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()) + "PROT=8501\n")
    log = elsewhere / "var" / "log"
    log.mkdir(parents=True)
    (elsewhere / "var").chmod(0o755)
    (log / "studio.log").write_text(
        '{"level": "error", "message": "refused for ada@example.org at https://s3.test/k?X-Amz-Signature=hush-signature",'
        ' "detail": "hush-detail"}\nno json\n'
    )
    assert doctor.main() == 1
    said = capsys.readouterr().out
    assert "hush" not in said
    assert "ada@" not in said
    for wrong in (
        f"Postgres at {ANSWERS_NOT} does not answer",
        f"Redis at {ANSWERS_NOT} does not answer",
        f"S3 at {ANSWERS_NOT} does not answer",
        f"ComfyUI 1 at {ANSWERS_NOT} does not answer",
        f"Mail server at {ANSWERS_NOT} does not answer",
        "chmod 711",
    ):
        assert wrong in said
    assert "does not know: PROT" in said
    assert "studio: refused for" in said


def test_a_setting_that_does_not_fit_is_named_without_its_value(elsewhere: Path, capsys: Any) -> None:
    (elsewhere / ".env").write_text("WORKER_THREADS=hush\n")
    assert doctor.main() == 1
    said = capsys.readouterr().out
    assert "WORKER_THREADS" in said
    assert "hush" not in said


def test_a_machine_on_which_everything_answers(
    elsewhere: Path, app: Any, environment: Any, monkeypatch: Any, capsys: Any
) -> None:
    del app
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_REPLICA_URL", environment["DATABASE_URL"])
    doctor.main()
    said = capsys.readouterr().out
    assert "All " in said
    assert "is no standby: correct DATABASE_REPLICA_URL" in said
    assert "Postgres 18" in said
    assert "S3 at 127.0.0.1" in said
    assert "No scheduler took figures" in said
