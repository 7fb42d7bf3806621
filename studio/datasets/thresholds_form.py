"""The form for a dataset's thresholds."""

from __future__ import annotations

import streamlit as st

from backend.datasets import Thresholds


def thresholds_form(key: str, current: Thresholds, *, disabled: bool = False) -> Thresholds | None:
    """Filled with `current`; returns the new thresholds when submitted, else None. Raises Invalid (by Thresholds)."""
    with st.form(key, border=False):
        st.caption("They apply at once; no picture is measured again.")
        left, middle, right = st.columns(3)
        sharpness = left.number_input(
            "Sharpness, at least",
            0.0,
            20_000.0,
            current.sharpness,
            placeholder="from the set",
            disabled=disabled,
            help="Empty: a quarter of the set's median, between 4 and 150. Sharp photographs have 1,000 and more.",
        )
        dark = left.number_input("Brightness, at least", 0.0, 255.0, current.dark, disabled=disabled)
        bright = left.number_input("Brightness, at most", 0.0, 255.0, current.bright, disabled=disabled)
        contrast = middle.number_input("Contrast, at least", 0.0, 127.0, current.contrast, disabled=disabled)
        clipped = middle.number_input("Pure black or white, at most", 0.0, 1.0, current.clipped, step=0.05, disabled=disabled)
        near_bits = middle.number_input(
            "Look-alikes differ by at most (bits of 64)",
            0,
            16,
            current.near_bits,
            disabled=disabled,
            help="0: only equal hashes",
        )
        max_faces = right.number_input("Faces, at most", 1, 20, current.max_faces, disabled=disabled)
        face_from = right.number_input(
            "“Face” from this share of the height", 0.0, 1.0, current.face_from, step=0.01, disabled=disabled
        )
        bust_from = right.number_input("“Bust” from this share", 0.0, 1.0, current.bust_from, step=0.01, disabled=disabled)
        submitted = st.form_submit_button("Apply", disabled=disabled)
    if not submitted:
        return None
    return Thresholds(
        sharpness=sharpness,
        dark=dark,
        bright=bright,
        contrast=contrast,
        clipped=clipped,
        near_bits=near_bits,
        max_faces=max_faces,
        face_from=face_from,
        bust_from=bust_from,
    )
