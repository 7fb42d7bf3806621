"""The two functions that read pictures past row-level security, because text and hash indexes are lost under it.

Both take the workspace from the transaction alone, never from an argument; both give ids and nothing else, which the caller
reads again under row-level security. `p_want` holds values only: every piece of SQL is written here.
"""

FIND = r"""
CREATE OR REPLACE FUNCTION find_pictures(p_want jsonb, p_after text, p_take integer)
RETURNS TABLE(picture_id text, place bigint) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET jit = off ROWS 100 AS $$
DECLARE
  mine text := coalesce(current_setting('app.tenant', true), '');
  said tsquery := format('''#%s''', replace(mine, '''', ''''''))::tsquery;
  part tsquery;
  few text[];
  met bigint;
  one text;
  origin text := 'pictures p';
  wanted text := 'p.tenant_id = $1 AND p.deleted_at IS NULL';
  sorted text := 'p.id DESC';
  place text := '0::bigint';
BEGIN
  IF mine = '' THEN RETURN; END IF;
  FOR one IN SELECT jsonb_array_elements_text(p_want->'words') LOOP
    part := to_tsquery('simple', '''' || replace(replace(one, '\', '\\'), '''', '''''') || ''':*');
    IF numnode(part) = 0 THEN RETURN; END IF;
    said := said && part;
  END LOOP;
  FOR one IN SELECT jsonb_array_elements_text(p_want->'phrases') LOOP
    part := phraseto_tsquery('simple', one);
    IF numnode(part) = 0 THEN RETURN; END IF;
    said := said && part;
  END LOOP;
  FOR one IN SELECT jsonb_array_elements_text(p_want->'without') LOOP
    part := phraseto_tsquery('simple', one);
    IF numnode(part) > 0 THEN said := said && !!part; END IF;
  END LOOP;
  IF numnode(said) > 1 THEN
    -- Common words are soon met on the way down the list, rare ones are few rows found by their index. The planner guesses
    -- much the same for both, so it is told: a look at the next 500 rows says which.
    EXECUTE 'SELECT count(*) FROM (SELECT search FROM pictures WHERE tenant_id = $1 AND deleted_at IS NULL AND id < $3 '
      'ORDER BY id DESC LIMIT 500) near WHERE search @@ $2'
      INTO met USING mine, said, CASE p_want->>'order' WHEN 'newest' THEN coalesce(p_after, 'q') ELSE 'q' END;
    IF met < 8 THEN
      EXECUTE 'SELECT coalesce(array_agg(id), ARRAY[]::text[]) FROM '
        '(SELECT id FROM pictures WHERE tenant_id = $1 AND search @@ $2 LIMIT 3001) f' INTO few USING mine, said;
      IF few = ARRAY[]::text[] THEN RETURN; END IF;
    END IF;
    wanted := wanted || CASE WHEN cardinality(few) <= 3000 THEN ' AND p.id = ANY($6)' ELSE ' AND p.search @@ $3' END;
  END IF;
  IF p_want ? 'who' THEN wanted := wanted || ' AND p.influencer_id = $2->>''who'''; END IF;
  IF p_want ? 'model' THEN wanted := wanted || ' AND p.model = $2->>''model'''; END IF;
  IF p_want ? 'shape' THEN wanted := wanted || ' AND p.shape = $2->>''shape'''; END IF;
  IF p_want ? 'source' THEN wanted := wanted || ' AND p.source = $2->>''source'''; END IF;
  IF p_want ? 'seed' THEN wanted := wanted || ' AND p.seed = ($2->>''seed'')::bigint'; END IF;
  IF coalesce(p_want->>'gate', '') <> 'any' THEN
    wanted := wanted || CASE p_want->>'gate'
      WHEN 'held' THEN ' AND p.gate = ''held''' WHEN 'rejected' THEN ' AND p.gate = ''rejected'''
      ELSE ' AND p.gate = ''open''' END;
  END IF;
  IF p_want ? 'favourite' THEN wanted := wanted || ' AND p.favourite'; END IF;
  IF p_want ? 'stars' THEN
    wanted := wanted || ' AND p.rating BETWEEN ($2->''stars''->>0)::int AND ($2->''stars''->>1)::int';
  END IF;
  IF p_want ? 'from' THEN wanted := wanted || ' AND p.id >= $2->>''from'''; END IF;
  IF p_want ? 'until' THEN wanted := wanted || ' AND p.id < $2->>''until'''; END IF;
  IF p_want ? 'lora' THEN
    origin := 'picture_loras l JOIN pictures p ON p.tenant_id = l.tenant_id AND p.id = l.picture_id';
    wanted := wanted || ' AND l.tenant_id = $1 AND l.lora_id = $2->>''lora''';
    sorted := 'l.picture_id DESC';
  END IF;
  IF p_want ? 'board' THEN
    origin := origin || ' JOIN board_pictures b ON b.tenant_id = p.tenant_id AND b.picture_id = p.id';
    wanted := wanted || ' AND b.tenant_id = $1 AND b.board_id = $2->>''board''';
  END IF;
  IF p_want->>'order' IN ('board', 'board-last') THEN
    sorted := CASE p_want->>'order' WHEN 'board' THEN 'b.position, b.picture_id' ELSE 'b.position DESC, b.picture_id DESC' END;
    place := 'b.position';
    IF p_after IS NOT NULL THEN
      wanted := wanted || ' AND (b.position, b.picture_id) ' || CASE p_want->>'order' WHEN 'board' THEN '>' ELSE '<' END
        || ' (split_part($4, '':'', 1)::bigint, split_part($4, '':'', 2))';
    END IF;
  ELSIF p_want->>'order' IN ('best', 'best-last') THEN
    sorted := CASE p_want->>'order' WHEN 'best' THEN 'p.rating DESC, p.id DESC' ELSE 'p.rating, p.id' END;
    place := 'p.rating::bigint';
    IF p_after IS NOT NULL THEN
      wanted := wanted || ' AND (p.rating, p.id) ' || CASE p_want->>'order' WHEN 'best' THEN '<' ELSE '>' END
        || ' (split_part($4, '':'', 1)::int, split_part($4, '':'', 2))';
    END IF;
  ELSIF p_want->>'order' = 'oldest' THEN
    sorted := replace(sorted, ' DESC', '');
    IF p_after IS NOT NULL THEN wanted := wanted || ' AND p.id > $4'; END IF;
  ELSIF p_after IS NOT NULL THEN
    wanted := wanted || ' AND p.id < $4';
  END IF;
  IF p_want->>'order' <> 'none' THEN wanted := wanted || ' ORDER BY ' || sorted; END IF;
  RETURN QUERY EXECUTE 'SELECT p.id, ' || place || ' FROM ' || origin || ' WHERE ' || wanted || ' LIMIT $5'
    USING mine, p_want, said, p_after, least(p_take, 10001), few;
END $$
"""

ALIKE = r"""
CREATE OR REPLACE FUNCTION similar_pictures(p_dhash text, p_bands integer[], p_most integer, p_take integer)
RETURNS TABLE(picture_id text, distance integer) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET jit = off ROWS 50 AS $$
  WITH near AS (
    SELECT p.id, bit_count(('x' || p.dhash)::bit(64) # ('x' || p_dhash)::bit(64))::integer AS bits FROM (
      SELECT id, dhash FROM pictures
      WHERE bands && p_bands AND tenant_id = current_setting('app.tenant', true) AND deleted_at IS NULL LIMIT 20000) p)
  SELECT id, bits FROM near WHERE bits <= p_most ORDER BY bits, id DESC LIMIT least(p_take, 500) $$
"""

FUNCTIONS = (FIND, ALIKE)
