"""My own account: name, password, signed-in browsers."""

import streamlit as st

from studio.accounts import account
from studio.shell.frame import frame

page = frame("Account", icon=":material/person:")
with st.container(width=760):
    with page.guard():
        account.name(page)
    with page.guard():
        account.password(page)
    with page.guard():
        account.browsers(page)
