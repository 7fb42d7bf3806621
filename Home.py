"""Only the way in: all pages are registered, the sign-in form stands in front of them, then the page runs."""

import streamlit as st

from studio.shell import menu, nav, session, sign_in, theme
from studio.shell.frame import explained, say_storage
from studio.ui.request_key import whole_run

theme.apply()
page = st.navigation(nav.pages(), position="hidden")
with explained(stop=True):
    arrival = session.current()
    if arrival is None or sign_in.has_link():
        sign_in.show(arrival)
        st.stop()
    menu.show(arrival, page=page.url_path)
    if nav.shows_pictures(page.url_path):
        say_storage()
with whole_run(), explained():
    page.run()
