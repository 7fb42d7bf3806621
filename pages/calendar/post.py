"""One post: written, shown as its platforms show it, approved, scheduled, published."""

import streamlit as st

from studio.content_plans import composer, new_post
from studio.shell.frame import frame

page = frame("calendar/post", needs="viewer")
with page.guard():
    if "new" in st.query_params and page.can_edit:
        new_post.start_on_page(page)
    else:
        composer.show_page(page, st.query_params.get("id", ""))
