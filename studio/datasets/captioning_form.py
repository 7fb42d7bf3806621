"""The form for automatic captions: captioner, form, which captions are replaced, prefix and suffix."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from backend.datasets import CaptionOrder
from backend.engines.ports.caption import Captioner

CAPTIONERS = {"vision": "Vision model", "blip": "BLIP, on this machine", "template": "Measurements, without a model"}
FORMS = {"sentence": "Sentences", "tags": "Tags"}
REPLACE = {
    "empty": "Only where there is none",
    "machine": "Also those a machine wrote",
    "all": "All, whoever wrote them",
}


def caption_form(key: str, dataset_id: str, captioners: dict[str, Captioner], image_ids: tuple[str, ...] = ()) -> CaptionOrder:
    """The order as entered now. Raises Invalid (a word is too long)."""
    name = next(iter(captioners))
    if len(captioners) > 1:
        name = st.selectbox("Written by", list(captioners), format_func=CAPTIONERS.__getitem__, key=f"{key}:who")
    status = captioners[name].status()
    if status.ok:
        st.caption(status.detail)
    forms: Any = captioners[name].forms
    form = forms[0]
    if len(forms) > 1:
        form = st.segmented_control(
            "Form",
            list(forms),
            default=forms[0],
            format_func=FORMS.__getitem__,
            key=f"{key}:form",
            required=True,
            help="Sentences for models that read language well (SDXL, FLUX, SD 1.5 photos); tags for anime models.",
        )
    replace = st.radio("Which captions", list(REPLACE), format_func=REPLACE.__getitem__, key=f"{key}:replace")
    included_only = not image_ids and st.checkbox("Only pictures in use", key=f"{key}:used")
    with st.expander("More rules", icon=":material/rule:"):
        prefix = st.text_input("Behind the trigger word", key=f"{key}:prefix", max_chars=200, placeholder="photo")
        suffix = st.text_input("At the end", key=f"{key}:suffix", max_chars=200)
        drop = st.text_input("Words to leave out", key=f"{key}:drop", placeholder="beautiful, stunning", max_chars=600)
    dropped_words = tuple(part.strip() for part in re.split(r"[,;]", drop) if part.strip())
    return CaptionOrder(
        dataset_id=dataset_id,
        captioner=name,
        form=form or forms[0],
        replace=replace,
        included_only=bool(included_only),
        image_ids=image_ids,
        prefix=prefix,
        suffix=suffix,
        drop=dropped_words,
    )
