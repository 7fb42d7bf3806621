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
    ('post', 'content_plans', 'id', 'id', 'deleted_at IS NULL'),
    ('post', 'posts', 'plan_id', 'id',
      'EXISTS (SELECT FROM content_plans p WHERE p.tenant_id = $1 AND p.id = plan_id AND p.deleted_at IS NULL)'),
    ('picture', 'pictures', 'id', 'id', 'deleted_at IS NULL AND gate = ''open'''),
    ('text', 'text_drafts', 'id', 'id', 'state <> ''discarded'''),
    ('job', 'jobs', 'id', 'id', 'parent_id IS NULL AND kind <> ''upkeep''')
  ) AS sources(noun, rows_of, result, sorted, shown) LOOP
    -- Common words are soon met among the newest rows; rare ones are few rows, found by their index.
    EXECUTE format('SELECT array_agg(f.result) FROM (SELECT %1$I AS result FROM '
      '(SELECT * FROM %2$I WHERE tenant_id = $1 ORDER BY %3$I DESC LIMIT 300) near '
      'WHERE search @@ $2 AND %4$s LIMIT $3) f', source.result, source.rows_of, source.sorted, source.shown)
      INTO newest USING workspace, wanted, take;
    IF coalesce(cardinality(newest), 0) < take THEN
      EXECUTE format('SELECT array_agg(g.result) FROM (SELECT f.result FROM (SELECT %1$I AS result, %3$I AS place FROM %2$I '
        'WHERE tenant_id = $1 AND search @@ $2 AND %4$s LIMIT 1000) f ORDER BY f.place DESC LIMIT $3) g',
        source.result, source.rows_of, source.sorted, source.shown)
        INTO newest USING workspace, indexed, take;
    END IF;
    RETURN QUERY SELECT source.noun, met FROM unnest(newest) met;
  END LOOP;
END $$
"""

FUNCTIONS = (FIND,)
