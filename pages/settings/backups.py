"""Backups of the installation, for operators: whether they are well, the last one, and how to restore."""

import streamlit as st

from studio.backups import backups
from studio.shell.frame import frame

page = frame("settings/backups")
with st.container(width=860), page.guard():
    backups.show(page)
