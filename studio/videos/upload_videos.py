"""Videos of one's own: dropped here, checked by a job, then in the library."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import videos
from backend.kit.ids import new_id
from backend.language import tr, tr_plural
from backend.videos import NewVideo
from studio.shell.frame import Page
from studio.ui.format import size
from studio.ui.notices import queue_toast, toast_errors
from studio.ui.uploader import VIDEO_SUFFIXES, Uploaded, uploader


def draw(page: Page) -> None:
    limit = page.app.settings.uploads.max_video_size
    with st.expander(tr("Upload"), icon=":material/upload:"):
        ai_made = st.checkbox(
            tr("They were made by AI"),
            key="video:ai",
            help=tr("They get the mark. Files that say so themselves get it anyway."),
        )
        uploader(
            "video:file",
            workspace=page.workspace.id,
            noun=videos.UPLOAD_NOUN,
            noun_id=videos.INBOX,
            accept=VIDEO_SUFFIXES,
            max_bytes=limit,
            label=tr("Drop videos here"),
            hint=tr("MP4, MOV, WebM or MKV, up to {limit} and 10 minutes each", limit=size(limit)),
            folders=False,
            on_done=partial(_add, page, ai_made),
        )


def _add(page: Page, ai_made: bool, uploaded: Uploaded) -> None:
    with toast_errors(), page.transaction(needs="editor") as tx:
        for upload_id in uploaded.ids:
            draft = NewVideo(upload_id=upload_id, influencer_id=page.influencer_id or None, ai_made=ai_made)
            videos.add(tx, draft, request_key=new_id("key"))
        if uploaded.ids:
            queue_toast(
                tr_plural(
                    "{n:,} video on the way. It is checked first.",
                    "{n:,} videos on the way. Each is checked first.",
                    len(uploaded.ids),
                )
            )
