"""The function that finds texts by their words past row-level security, because text indexes are lost under it.

It takes the workspace from the transaction alone, never from an argument, and gives nouns and ids and nothing else, which the
caller reads again under row-level security.
"""

FIND = r"""
CREATE OR REPLACE FUNCTION find_anywhere(p_words text, p_take integer)
RETURNS TABLE(noun text, noun_id text) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET jit = off ROWS 40 AS $$
DECLARE
  workspace text := coalesce(current_setting('app.tenant', true), '');
  wanted tsquery := to_tsquery('simple', p_words);
  indexed tsquery := format('''#%s''', replace(workspace, '''', ''''''))::tsquery && wanted;
  take integer := least(p_take, 20);
  source record;
  newest text[];
BEGIN
  IF workspace = '' OR numnode(wanted) = 0 THEN RETURN; END IF;
  FOR source IN SELECT * FROM (VALUES
    ('post', 'content_plans', 'id', 'deleted_at IS NULL', 'true'),
    ('post', 'posts', 'plan_id',
      'EXISTS (SELECT FROM content_plans p WHERE p.tenant_id = $1 AND p.id = plan_id AND p.deleted_at IS NULL)', 'true'),
    ('picture', 'pictures', 'id', 'deleted_at IS NULL AND gate = ''open''', 'true'),
    ('text', 'text_drafts', 'id', 'state <> ''discarded''', 'true'),
    ('job', 'jobs', 'id', 'parent_id IS NULL AND kind <> ''upkeep''', 'state IN (''completed'', ''failed'', ''cancelled'')')
  ) AS sources(noun, rows_of, result, shown, in_index) LOOP
    -- Common words are soon met among the newest rows; rare ones are few rows, found by their index. That of jobs holds those
    -- that have ended, because every update of a running job would write to it.
    EXECUTE format('SELECT array_agg(f.result) FROM (SELECT %1$I AS result FROM '
      '(SELECT * FROM %2$I WHERE tenant_id = $1 ORDER BY id DESC LIMIT 300) near '
      'WHERE search @@ $2 AND %3$s LIMIT $3) f', source.result, source.rows_of, source.shown)
      INTO newest USING workspace, wanted, take;
    IF coalesce(cardinality(newest), 0) < take THEN
      EXECUTE format('SELECT $4 || array_agg(g.result) FROM (SELECT f.result FROM '
        '(SELECT %1$I AS result, id AS place FROM %2$I WHERE tenant_id = $1 AND search @@ $2 AND %3$s AND %4$s LIMIT 1000) f '
        'ORDER BY f.place DESC LIMIT $3) g',
        source.result, source.rows_of, source.shown, source.in_index)
        INTO newest USING workspace, indexed, take, newest;
    END IF;
    RETURN QUERY SELECT DISTINCT source.noun, met FROM unnest(newest) met;
  END LOOP;
END $$
"""

FUNCTIONS = (FIND,)
