"""Every picture made here: rate, filter, remix, download, delete."""

import streamlit as st

from studio.frame import frame
from studio.widgets import gallery

page = frame("Gallery", icon=":material/imagesmode:", needs="viewer")
with page.guard():
    if picture_id := st.query_params.get("id"):
        gallery.detail(page, picture_id)
    else:
        gallery.browse(page)
