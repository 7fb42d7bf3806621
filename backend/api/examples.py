"""Examples of bodies for the OpenAPI description: those of models' fields put together, or a whole one from a table."""

from __future__ import annotations

from typing import Any

BODIES: dict[str, Any] = {
    "POST /session/exchange": {"ticket": "0J3k…"},
    "POST /auth/login": {"email": "ada@example.org", "password": "correct horse battery staple"},
    "POST /auth/refresh": {"refreshToken": "eyJhbGciOiJIUzI1NiJ9…"},
    "POST /api-keys": {"name": "n8n", "scopes": ["images:write", "posts:publish"], "jobsPerDay": 200, "usdPerMonth": 20},
    "PATCH /api-keys/{api_key_id}": {"name": "n8n in the office"},
    "POST /webhook-endpoints": {
        "name": "n8n",
        "url": "https://n8n.example.com/webhook/studio",
        "eventTypes": ["post.published", "job.*"],
    },
    "PATCH /webhook-endpoints/{endpoint_id}": {"active": False},
    "POST /webhook-endpoints/{endpoint_id}/test": {"eventType": "post.published"},
    "POST /webhook-endpoints/{endpoint_id}/recover": {"since": "2031-12-24T18:00:00Z"},
    "POST /pictures/acts": {"kind": "rate", "rating": 5, "pictureIds": ["pic_0190"]},
    "POST /pictures/archive": {"pictureIds": ["pic_0190", "pic_0191"]},
    "POST /boards": {"name": "Summer"},
    "PUT /boards/{board_id}": {"name": "Summer 2031"},
    "POST /boards/{board_id}/order": {"pictureIds": ["pic_0190", "pic_0191"]},
    "POST /jobs": {"type": "image-generation", "payload": {"prompt": "portrait at the beach, smiling", "n": 4}},
    "POST /jobs/estimate": {"type": "image-generation", "payload": {"prompt": "portrait at the beach, smiling", "n": 4}},
    "POST /uploads/{workspace}": {
        "noun": "dataset",
        "nounId": "ds_0190",
        "filename": "ada-1.png",
        "size": 482113,
        "clientKey": "ada-1",
    },
    "POST /datasets/{dataset_id}/sample-character": {"name": "bella"},
    "PUT /datasets/{dataset_id}/pictures/{image_id}/mask": {"uploadId": "upl_0190"},
    "POST /datasets/{dataset_id}/include": {"imageIds": ["img_0190"], "included": False},
    "POST /datasets/{dataset_id}/remove": {"imageIds": ["img_0190"]},
    "PUT /datasets/{dataset_id}/captions": {"captions": [{"imageId": "img_0190", "caption": "portrait, smiling"}]},
    "POST /trials/{trial_id}/votes": {"leftId": "pic_0190", "rightId": "pic_0191", "choice": "left"},
    "POST /workflows": {"name": "Upscale", "graph": {"1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}}}},
    "PUT /workflows/{workflow_id}": {"name": "Upscale twice"},
    "POST /workflows/{workflow_id}/try": {"prompt": "portrait, smiling"},
    "PUT /videos/{clip_id}": {"rating": 4},
    "POST /drafts": {
        "influencerId": "inf_0190",
        "topic": "morning workout",
        "caption": "Up before the sun.",
        "hashtags": ["fitness"],
    },
    "POST /drafts/write": {"order": {"influencerId": "inf_0190", "topic": "morning workout"}},
    "PATCH /pictures/{picture_id}": {"rating": 5},
    "POST /content-plans/posts/{post_id}/resolve": {"isPublished": True, "url": "https://www.instagram.com/p/abc/"},
    "PATCH /drafts/{draft_id}": {"caption": "Up before the sun, again."},
    "POST /content-plans": {
        "influencerId": "inf_0190",
        "topic": "morning workout",
        "localTime": "2031-12-24T18:00",
        "timeZone": "Europe/Rome",
        "variants": [{"channelId": "chn_0190", "caption": "Up before the sun.", "assetIds": ["ast_0190"]}],
    },
    "POST /content-plans/from": {"pictureIds": ["pic_0190", "pic_0191"]},
    "POST /trash/restore": {"items": [{"kind": "picture", "id": "pic_0190"}]},
    "POST /trash/erase": {"items": [{"kind": "post", "id": "cp_0190"}]},
    "POST /content-plans/shift": {"planIds": ["cp_0190"], "days": 1},
    "PATCH /content-plans/{plan_id}": {"status": "scheduled"},
    "POST /content-plans/{plan_id}/move": {"localTime": "2031-12-24T18:00"},
    "POST /style/sessions": {"name": "Travel essays"},
    "POST /style/train": {"session_id": "sty_0190"},
    "POST /style/generate": {"session_id": "sty_0190", "topic": "a day at the sea", "words": 300},
}
"""By method and path, for models whose fields have no examples of their own."""


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value for `schema`, from its own examples or those of its properties: all required ones, and others that have one.
    `schemas`: what `$ref` refers to. None where nothing says what a value looks like."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for value in (*schema.get("examples", ()), *(schema[name] for name in ("example", "const", "default") if name in schema)):
        return value
    if "enum" in schema:
        return schema["enum"][0]
    for choices in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(choices, ()):
            return example_of(choice, schemas)
    if schema.get("type") == "object":
        properties, required = schema.get("properties", {}), schema.get("required", ())
        return {
            name: example_of(value, schemas)
            for name, value in properties.items()
            if name in required or "examples" in value or "example" in value
        }
    return [example_of(schema["items"], schemas)] if schema.get("type") == "array" and "items" in schema else None
