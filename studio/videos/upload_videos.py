"""Videos of one's own: dropped here, checked by a job, then in the library."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import videos
from backend.kit.ids import new_id
from backend.videos import NewVideo
from studio.shell.frame import Page
from studio.ui.format import count, size
from studio.ui.notices import queue_toast, toast_errors
from studio.ui.uploader import Uploaded, uploader


def draw(page: Page) -> None:
    limit = page.app.settings.uploads.max_video_size
    with st.expander("Upload", icon=":material/upload:"):
        ai_made = st.checkbox(
            "They were made by AI", key="video:ai", help="They get the mark. Files that say so themselves get it anyway."
        )
        uploader(
            "video:file",
            workspace=page.workspace.id,
            noun=videos.UPLOAD_NOUN,
            noun_id=videos.INBOX,
            accept=".mp4,.mov,.m4v,.webm,.mkv",
            max_bytes=limit,
            label="Drop videos here",
            hint=f"MP4, MOV, WebM or MKV, up to {size(limit)} and 10 minutes each",
            folders=False,
            on_done=partial(_add, page, ai_made),
        )


def _add(page: Page, ai_made: bool, uploaded: Uploaded) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        for upload_id in uploaded.ids:
            draft = NewVideo(upload_id=upload_id, influencer_id=page.influencer_id or None, ai_made=ai_made)
            videos.add(tx, draft, request_key=new_id("key"))
        if uploaded.ids:
            queue_toast(f"{count(len(uploaded.ids), 'video')} on the way. Each is checked first.")
