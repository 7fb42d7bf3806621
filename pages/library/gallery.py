"""Every picture made here or imported: search, compare, rate, gather, remix, download."""

import streamlit as st

from studio.gallery import gallery, gallery_detail, gallery_import
from studio.shell.frame import frame

page = frame("library/gallery", needs="viewer")
with page.guard():
    if picture_id := st.query_params.get("id"):
        gallery_detail.detail(page, picture_id)
    elif "bring" in st.query_params:
        gallery_import.import_page(page)
    else:
        gallery.browse(page)
