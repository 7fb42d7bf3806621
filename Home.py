"""The entry of every page: registers all pages, shows the sign-in form to visitors who are not signed in, then runs the
page."""

import streamlit as st

from backend.accounts import ReadingSettings
from backend.kit import traces
from studio.content_plans import composer
from studio.shell import menu, nav, page_reader, resources, session, sign_in, theme
from studio.shell.frame import end_switch, error_boundary, show_storage_notice
from studio.ui.forms import track_run
from studio.ui.undo_toast import show_undo_toasts

theme.apply()
with error_boundary(stop=True):
    session_info = session.current()
page_reader.set_reader(
    session_info.user.reading if session_info else ReadingSettings(),
    rates=dict(resources.app().settings.budgets.exchange_rates) if session_info else {},
)
page = st.navigation(nav.pages(), position="hidden")
with error_boundary(stop=True):
    if session_info is None or sign_in.has_link():
        page_reader.tell_browser(None)
        sign_in.show(session_info)
        st.stop()
    menu.show(session_info, page=page.url_path)
    if nav.shows_pictures(page.url_path):
        show_storage_notice()
page_reader.tell_browser(session_info.user.reading)
panel = st.container(key="composer-panel")  # first, so that what the page draws never moves it
with track_run(), error_boundary(), traces.span(f"page /{page.url_path}"):
    page.run()
    end_switch()
    show_undo_toasts()
    with panel:
        composer.show_panel(page.url_path)
