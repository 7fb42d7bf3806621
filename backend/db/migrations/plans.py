"""The function that finds plans by their words past row-level security, because text indexes are lost under it.

It takes the workspace from the transaction alone, never from an argument, and gives ids and nothing else, which the caller
reads again under row-level security.
"""

FIND = r"""
CREATE OR REPLACE FUNCTION find_plans(p_words text, p_pieces text[], p_most integer)
RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET jit = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  mine text := coalesce(current_setting('app.tenant', true), '');
  wanted tsquery := to_tsquery('simple', p_words);
  here tsquery := format('''#%s''', replace(mine, '''', ''''''))::tsquery && wanted;
  pieces text[] := lower(p_pieces::text)::text[];
  common bigint;
  found text[];
BEGIN
  IF mine = '' OR numnode(wanted) = 0 THEN RETURN ARRAY[]::text[]; END IF;
  -- Common words are soon met on the way down the list, rare ones are few rows found by their index: a look at the first 500
  -- says which, and NULL tells the caller to go down the list.
  SELECT count(*) INTO common FROM (
    SELECT p.id, p.search, p.topic FROM content_plans p WHERE p.tenant_id = mine AND p.deleted_at IS NULL
    ORDER BY p.due_at, p.id LIMIT 500) near
  WHERE (near.search @@ wanted AND lower(near.topic) LIKE ALL (pieces)) OR EXISTS (
    SELECT FROM posts o WHERE o.tenant_id = mine AND o.plan_id = near.id
      AND o.search @@ wanted AND lower(o.caption) LIKE ALL (pieces) OFFSET 0);
  IF common >= 50 THEN RETURN NULL; END IF;
  SELECT coalesce(array_agg(f.plan_id), ARRAY[]::text[]) INTO found FROM (
    (SELECT p.id AS plan_id FROM content_plans p WHERE p.tenant_id = mine AND p.deleted_at IS NULL
      AND p.search @@ here AND lower(p.topic) LIKE ALL (pieces) LIMIT p_most + 1)
    UNION ALL
    (SELECT o.plan_id FROM posts o WHERE o.tenant_id = mine
      AND o.search @@ here AND lower(o.caption) LIKE ALL (pieces) LIMIT p_most + 1)) f;
  RETURN CASE WHEN cardinality(found) <= p_most THEN found END;
END $$
"""

FUNCTIONS = (FIND,)
