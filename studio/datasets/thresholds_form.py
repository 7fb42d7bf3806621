"""What counts as a problem in one dataset."""

from __future__ import annotations

import streamlit as st

from backend.datasets import Thresholds


def thresholds_form(key: str, now: Thresholds, *, disabled: bool = False) -> Thresholds | None:
    """Filled with `now`; the new ones when it was sent. Raises Invalid (through Thresholds)."""
    with st.form(key, border=False):
        st.caption("They apply at once; no picture is measured again.")
        left, middle, right = st.columns(3)
        sharp = left.number_input(
            "Sharpness, at least", 0.0, 20_000.0, now.sharpness, placeholder="from the set", disabled=disabled,
            help="Empty: a quarter of the set's median, between 4 and 150. Sharp photographs have 1,000 and more.",
        )  # fmt: skip
        dark = left.number_input("Brightness, at least", 0.0, 255.0, now.dark, disabled=disabled)
        bright = left.number_input("Brightness, at most", 0.0, 255.0, now.bright, disabled=disabled)
        contrast = middle.number_input("Contrast, at least", 0.0, 127.0, now.contrast, disabled=disabled)
        clipped = middle.number_input("Pure black or white, at most", 0.0, 1.0, now.clipped, step=0.05, disabled=disabled)
        near = middle.number_input(
            "Look-alikes differ by at most (bits of 64)", 0, 16, now.near_bits, disabled=disabled, help="0: only equal hashes"
        )
        faces = right.number_input("Faces, at most", 1, 20, now.max_faces, disabled=disabled)
        face = right.number_input("“Face” from this share of the height", 0.0, 1.0, now.face_from, step=0.01, disabled=disabled)
        bust = right.number_input("“Bust” from this share", 0.0, 1.0, now.bust_from, step=0.01, disabled=disabled)
        sent = st.form_submit_button("Apply", disabled=disabled)
    if not sent:
        return None
    return Thresholds(
        sharpness=sharp, dark=dark, bright=bright, contrast=contrast, clipped=clipped, near_bits=near, max_faces=faces,
        face_from=face, bust_from=bust,
    )  # fmt: skip
