"""One post: written, shown as its platforms show it, approved, scheduled, published."""

import streamlit as st

from studio.content_plans import composer
from studio.shell.frame import frame

page = frame("calendar/post", needs="viewer")
with page.guard():
    composer.show_page(page, st.query_params.get("id", ""))
