"""Webhooks: other programs that are told what happens in the workspace."""

import streamlit as st

from studio.shell.frame import frame
from studio.webhooks import catalogue, delivery_log, endpoints

page = frame("settings/webhooks")
with st.container(width=860), page.guard():
    if not page.is_owner:
        endpoints.only_for_owners()
    elif endpoint_id := st.query_params.get("id", ""):
        delivery_log.show(page, endpoint_id)
    else:
        endpoints.new_endpoint(page)
        endpoints.endpoint_list(page)
        catalogue.show()
