"""Settings by section: what is read from the environment and `.env`, what is refused, and copies with other values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.errors import Invalid
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


def test_another_name_of_a_variable_is_read_unless_its_own_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = {"QUEUE_CONCURRENCY_CONTENT_GEN": 4, "QUEUE_CONCURRENCY_VIDEO_GEN": 5, "QUEUE_CONCURRENCY_LORA_TRAINING": 6}
    for name, value in seeds.items():
        monkeypatch.setenv(name, str(value))
    jobs = Settings.read(None).jobs
    assert (jobs.concurrency_content, jobs.concurrency_video, jobs.concurrency_training) == (4, 5, 6)
    monkeypatch.setenv("QUEUE_CONCURRENCY_VIDEO", "1")
    settings = Settings.read(None)
    assert settings.jobs.concurrency_video == 1
    assert settings.replace(QUEUE_CONCURRENCY_CONTENT=2).jobs.concurrency_content == 2


def test_an_answer_has_as_many_tokens_as_its_use_allows() -> None:
    text = Settings.model_validate({"MAX_TOKENS_STYLE": "300"}).text
    assert [text.max_tokens("style", wanted) for wanted in (200, 400)] == [200, 300]
    assert text.max_tokens("writing", 4000) == 4000
    with pytest.raises(ValidationError, match="MAX_TOKENS_STYLE"):
        Settings.model_validate({"MAX_TOKENS_STYLE": "-1"})


@pytest.mark.parametrize("private", ["secrets.json", "pg"])
def test_an_old_env_file_that_shares_the_studios_own_folder_is_refused_with_the_lines_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private: str
) -> None:
    monkeypatch.delenv("STUDIO_DATA", raising=False)
    env_file, folder = tmp_path / ".env", tmp_path / "old data"
    env_file.write_text(f'DATA_SHARED_BASE="{folder}"\n')
    folder.mkdir()
    assert Settings.read(env_file).data_dir.name == "var"
    (folder / private).mkdir()
    lines = f"STUDIO_DATA={folder}\nDATA_SHARED_BASE={folder}/shared"
    with pytest.raises(Invalid, match=private) as refusal:
        Settings.read(env_file)
    assert refusal.value.message.endswith(lines)
    env_file.write_text(lines)
    assert Settings.read(env_file).data_dir == folder
    env_file.write_text(f"STUDIO_DATA={folder}\nDATA_SHARED_BASE={tmp_path}")
    with pytest.raises(Invalid, match="must not hold STUDIO_DATA") as refusal:
        Settings.read(env_file)
    assert refusal.value.message.endswith(lines)
