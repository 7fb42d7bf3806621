"""Settings by theme: what is read from the environment and `.env`, what is refused, and copies with other values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import Settings


def test_the_environment_wins_over_the_file_and_given_values_over_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("JOB_LEASE_S=1\nport=8600\nS3_BUCKET=from-file\nNOT_OURS=1\nEMPTY\n")
    monkeypatch.setenv("PORT", "8700")
    monkeypatch.setenv("s3_region", "eu-central-1")
    settings = Settings.read(env_file, S3_BUCKET="given")
    assert (settings.jobs.lease_s, settings.web.port) == (1.0, 8700)
    assert (settings.storage.bucket, settings.storage.region) == ("given", "eu-central-1")
    assert Settings.read(tmp_path / "missing").web.port == 8700


@pytest.mark.parametrize(
    ("variable", "value"), [("PORT", "x"), ("COMFYUI_TIMEOUT", "soon"), ("JOB_RETRY_DELAYS_S", "5,x"), ("ENABLE_CACHING", "?")]
)
def test_a_value_that_does_not_fit_is_said_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError, match=rf"\b{variable}\b"):
        Settings.read(None)


def test_several_values_are_split_at_commas() -> None:
    settings = Settings.model_validate({"JOB_RETRY_DELAYS_S": "1, 2.5,", "COMFYUI_ALLOWED_CLASSES": "NodeA, NodeB,"})
    assert settings.jobs.retry_delays_s == (1.0, 2.5)
    assert settings.engines.comfyui.allowed_classes == {"NodeA", "NodeB"}


def test_a_copy_has_the_other_values_and_keeps_the_rest() -> None:
    settings = Settings.model_validate({"S3_SECRET": "s3cret", "KOHYA_DIR": "/opt/kohya"})
    copy = settings.replace(JOB_LEASE_S=3, KOHYA_DIR=None)
    assert (copy.jobs.lease_s, settings.jobs.lease_s) == (3.0, 15.0)
    assert (copy.engines.kohya.folder, copy.storage.secret_key.get_secret_value()) == (None, "s3cret")
    assert "s3cret" not in repr(copy)
    with pytest.raises(TypeError, match="no setting JOB_LEASE"):
        settings.replace(JOB_LEASE=3)


def test_each_variable_is_read_once() -> None:
    names = Counter(name for name, _ in Settings.model_validate({}).by_variable())
    assert set(names.values()) == {1}
    assert all(name.isupper() for name in names)


def test_the_first_text_model_of_a_use_comes_first_and_each_once() -> None:
    text = Settings.model_validate({"TEXT_MODEL_CHEAP": "b", "TEXT_FALLBACKS": "a, b,,c", "TEXT_FALLBACKS_VISION": ""}).text
    assert text.models("cheap") == ("b", "a", "c")
    assert text.models("vision") == ("openai/gpt-4o-mini",)
