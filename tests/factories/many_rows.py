"""A workspace used for years: jobs, pictures, plans and posts by the hundred thousand, written by Postgres itself."""

from __future__ import annotations

import psycopg

from tests.factories.account import Tenant

DAYS = 2000
"""Over which plans are spread, half of them ahead: 300,000 are 150 a day."""
_INVERTED = ("ix_pictures_search", "ix_pictures_bands", "ix_content_plans_search", "ix_posts_search", "ix_jobs_search")
_JOBS = """INSERT INTO jobs (id, tenant_id, kind, queue, title, state, payload, request_key, result, created_at, started_at,
      finished_at, not_before)
    SELECT 'job_0' || lpad(n::text, 25, '0'), %(tenant)s, 'image-generation', 'none',
      jsonb_build_object('text', 'bella, portrait, number ' || n),
      CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'completed' END, '{"prompt": "bella"}', 'many-' || n, '{"pictures": 4}',
      at, at, at + interval '9 s', at
    FROM (SELECT n, clock_timestamp() - (%(n)s - n) * interval '2 min' AS at FROM generate_series(1, %(n)s) n) made"""
_ASSETS = """INSERT INTO assets (id, tenant_id, kind, state, key, content_type, filename, size_bytes, width, height, thumbs)
    SELECT 'ast_0' || lpad(n::text, 25, '0'), %(tenant)s, 'image', 'stored', 'images/many/' || n || '.jpg', 'image/jpeg',
      n || '.jpg', 20000, 512, 512, '[160, 320]' FROM generate_series(1, %(n)s) n"""
_GENERATIONS = """INSERT INTO generations (id, tenant_id, influencer_id, job_id, recipe)
    SELECT 'gen_0' || lpad(n::text, 25, '0'), g.tenant_id, g.influencer_id, g.job_id, g.recipe
    FROM generations g, generate_series(0, %(n)s / 20) n WHERE g.id = %(generation)s"""
_PICTURES = """INSERT INTO pictures (id, tenant_id, generation_id, n, asset_id, influencer_id, seed, prompt, rating, favourite,
      model, shape, created_at)
    SELECT 'pic_0' || lpad(n::text, 25, '0'), %(tenant)s, 'gen_0' || lpad((n / 20)::text, 25, '0'), n %% 20,
      'ast_0' || lpad(n::text, 25, '0'), %(influencer)s, n::bigint * 7919,
      'bella, ' || (ARRAY['portrait', 'full body', 'close up'])[1 + n %% 3] || ', ' ||
        (ARRAY['at the beach', 'in a city at night', 'in a forest', 'at sunset'])[1 + n / 7 %% 4] || ', ' ||
        (ARRAY['smiling', 'laughing', 'serious', 'rain', 'neon light'])[1 + n / 11 %% 5],
      n %% 6, n %% 50 = 0, 'starter', (ARRAY['square', 'portrait', 'landscape'])[1 + n %% 3],
      clock_timestamp() - (%(n)s - n) * interval '2 min'
    FROM generate_series(1, %(n)s) n"""
_PLANS = """INSERT INTO content_plans (id, tenant_id, influencer_id, topic, wall, zone, due_at, request_key)
    SELECT 'cp_0' || lpad(n::text, 25, '0'), %(tenant)s, %(influencer)s,
      'Morning walk number ' || n || ' along the harbour', at AT TIME ZONE 'UTC', 'UTC', at, 'many-' || n
    FROM (SELECT n, date_trunc('minute', clock_timestamp() - make_interval(days => %(days)s / 2)
        + n * (%(days)s * interval '1 day' / %(n)s)) AS at FROM generate_series(1, %(n)s) n) planned"""
_POSTS = """INSERT INTO posts (id, tenant_id, plan_id, channel_id, state, caption, media, due_at, fingerprint, published_at)
    SELECT 'post_0' || lpad(n::text, 25, '0'), %(tenant)s, 'cp_0' || lpad(n::text, 25, '0'), %(channel)s,
      CASE WHEN p.due_at < clock_timestamp() + interval '2 h' THEN 'published' ELSE 'approved' END,
      'Good morning from the harbour, number ' || n || '. The trams are early and the coffee is strong today.',
      jsonb_build_array('ast_0' || lpad(n::text, 25, '0')), p.due_at, md5(n::text),
      CASE WHEN p.due_at < clock_timestamp() + interval '2 h' THEN p.due_at END
    FROM generate_series(1, %(n)s) n
    JOIN content_plans p ON p.tenant_id = %(tenant)s AND p.id = 'cp_0' || lpad(n::text, 25, '0')"""


def fill_rows(owner_url: str, tenant: Tenant, *, influencer_id: str, generation_id: str, channel_id: str, n: int) -> None:
    """`n` of each, as the owner, the inverted indexes made afterwards. Ends with fresh statistics.

    Nothing of it is due or waits: a worker beside finds no work in it. Rows only, no bytes.
    """
    values = {"tenant": tenant.id, "influencer": influencer_id, "generation": generation_id, "channel": channel_id}
    values |= {"n": n, "days": DAYS}  # type: ignore[dict-item]
    with psycopg.connect(owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        index_query = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)"
        indexes = owner.execute(index_query, [list(_INVERTED)]).fetchall()
        for name, _ in indexes:
            owner.execute(f"DROP INDEX {name}")
        for rows in (_JOBS, _ASSETS, _GENERATIONS, _PICTURES, _PLANS, _POSTS):
            owner.execute(rows, values)
        for _, definition in indexes:
            owner.execute(definition)
        owner.execute("VACUUM ANALYZE")
