"""API keys: what programs of the workspace send instead of signing in."""

import streamlit as st

from studio.access import api_keys
from studio.shell.frame import frame

page = frame("settings/api_keys")
with st.container(width=760), page.guard():
    if page.is_owner:
        api_keys.new_key(page)
        api_keys.key_list(page)
    else:
        api_keys.only_for_owners()
