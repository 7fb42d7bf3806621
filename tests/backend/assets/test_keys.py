"""No name can leave its place in the bucket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assets import key_for, safe_name


@given(st.text(max_size=400))
def test_any_name_becomes_a_plain_one(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 100
    assert safe.isascii()
    assert not set(safe) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert safe.strip(".")
    assert safe_name(safe) == safe


@given(st.text(max_size=80))
def test_a_key_has_as_many_parts_as_it_should(name: str) -> None:
    key = key_for("lora", tenant_id="ws_1", lora_id="lora_1", name=name)
    assert key.startswith("loras/ws_1/lora_1/")
    assert key.count("/") == 3


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("🎉🎉.png", "png"),
        ("Ünïcödé name.PNG", "Unicode_name.PNG"),
        ("a" * 300 + ".safetensors", "a" * 88 + ".safetensors"),
        ("...", "file"),
        ("", "file"),
    ],
)
def test_examples(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_keys_by_kind() -> None:
    assert key_for("image", tenant_id="ws_1", job_id="job_1", attempt_id="att_1", n=3) == "images/ws_1/job_1/att_1/3.png"
    assert key_for("upload", tenant_id="ws_1", upload_id="up_1") == "incoming/ws_1/up_1"
    assert key_for("dataset", tenant_id="ws_1", dataset_id="ds_1", asset_id="ast_1", ext="jpg").endswith("/ds_1/ast_1.jpg")
