"""Audit log: who did what in this workspace, from where, for its owners."""

import streamlit as st

from studio.audit import audit_log
from studio.shell.frame import frame

page = frame("settings/audit", needs="owner")
with st.container(width=960), page.guard():
    audit_log.show(page)
