"""My own account: picture, name, language, keys, e-mail, password, second factor, signed-in browsers; installing."""

import streamlit as st

from studio.accounts import account, keyboard, language_and_region
from studio.shell.frame import frame

page = frame("settings/account")
with st.container(width=760):
    with page.guard():
        account.picture(page)
    with page.guard():
        account.name_form(page)
    with page.guard():
        language_and_region.form(page)
    with page.guard():
        keyboard.switch(page)
    with page.guard():
        account.email_form(page)
    with page.guard():
        account.password_form(page)
    with page.guard():
        account.two_factor(page)
    with page.guard():
        account.browser_sessions(page)
    if page.app.settings.web.installable:
        account.installing()
