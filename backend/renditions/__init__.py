"""Renditions: an asset prepared for a platform: converted, cropped or shortened, without metadata, with the AI mark.

requests = [(asset_id, RenditionRecipe(kind="picture", ratio=0.8)), …]
start_preparation(tx, requests)      a job makes what is missing
request_renditions(tx, requests)     the payload of such a job (`KIND`), for a job that starts it as its child
ready_files(tx, requests)            the files, or None, or Invalid with what is wrong
expected_facts_of(card, recipe)      what a file will be, before it is made
"""

from backend.renditions.recipe import FileFacts, RenditionRecipe, crop, expected_facts_of, facts_of
from backend.renditions.schemas import KIND, OWNER_TYPE, MediaPayload, RenditionRequests
from backend.renditions.service import delete_unused, ready_files, rendition_status, request_renditions, start_preparation

__all__ = [
    "KIND",
    "OWNER_TYPE",
    "FileFacts",
    "MediaPayload",
    "RenditionRecipe",
    "RenditionRequests",
    "crop",
    "delete_unused",
    "expected_facts_of",
    "facts_of",
    "ready_files",
    "rendition_status",
    "request_renditions",
    "start_preparation",
]
