"""The workspace: its name, its people and what they may do, links that let others in."""

import streamlit as st

from studio.accounts import workspace
from studio.shell.frame import frame

page = frame("settings/workspace")
with st.container(width=760):
    with page.guard():
        workspace.members(page)
    if page.is_owner:
        with page.guard():
            workspace.invitations(page)
        with page.guard():
            workspace.name_form(page)
    with page.guard():
        workspace.new_workspace_form(page)
