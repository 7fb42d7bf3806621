"""The function that counts across workspaces for whoever runs the installation. It returns sums alone: no ids, names, texts."""

FIGURES = """
CREATE OR REPLACE FUNCTION installation_figures(p_after bigint, p_upto bigint, p_day integer, p_sizes boolean) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET jit = off AS $$
WITH
waiting AS (
  SELECT queue, count(*) AS n, max(extract(epoch FROM clock_timestamp() - greatest(not_before, created_at))) AS oldest_s
  FROM jobs WHERE state = 'pending' AND waits_for = 0 AND not_before <= clock_timestamp() GROUP BY queue),
running AS (SELECT queue, count(*) AS n FROM jobs WHERE state = 'processing' GROUP BY queue),
ended AS (
  SELECT coalesce(j.type, j.kind) AS type, substr(e.kind, 5) AS outcome, count(*) AS n,
    coalesce(sum(extract(epoch FROM j.finished_at - j.started_at)), 0) AS seconds,
    coalesce(max(extract(epoch FROM j.finished_at - j.started_at)), 0) AS longest_s
  FROM events e JOIN jobs j ON j.tenant_id = e.tenant_id AND j.id = e.noun_id
  WHERE e.position > p_after AND e.position <= p_upto AND e.kind IN ('job.completed', 'job.failed', 'job.cancelled')
  GROUP BY 1, 2),
late AS (
  SELECT count(*) AS n, coalesce(max(extract(epoch FROM clock_timestamp() - due_at)), 0) AS lag_s
  FROM posts WHERE state = 'scheduled' AND due_at < clock_timestamp() - interval '1 minute'),
spent AS (
  SELECT tenant_id, sum(usd) AS month, coalesce(sum(usd) FILTER (WHERE day = p_day), 0) AS day FROM llm_calls
  WHERE p_sizes AND day BETWEEN p_day / 100 * 100 AND p_day GROUP BY tenant_id),
calls AS (SELECT state, count(*) AS n, coalesce(sum(usd), 0) AS usd FROM llm_calls WHERE day = p_day GROUP BY state),
served AS (
  SELECT queue, count(*) AS n FROM workers, jsonb_array_elements_text(queues) AS queue
  WHERE state = 'up' AND seen_at > clock_timestamp() - interval '1 minute' GROUP BY queue),
known AS (
  SELECT CASE WHEN state = 'disabled' THEN 'disabled' WHEN held_by IS NOT NULL THEN 'busy' WHEN down <> '{}' THEN 'down'
    ELSE 'free' END AS state FROM devices WHERE seen_at > clock_timestamp() - interval '1 hour')
SELECT jsonb_build_object(
  'waiting', (SELECT coalesce(jsonb_object_agg(queue, n), '{}') FROM waiting),
  'oldest_wait_s', (SELECT coalesce(jsonb_object_agg(queue, round(greatest(oldest_s, 0), 1)), '{}') FROM waiting),
  'running', (SELECT coalesce(jsonb_object_agg(queue, n), '{}') FROM running),
  'ended', (SELECT coalesce(jsonb_agg(jsonb_build_object('type', type, 'outcome', outcome, 'n', n,
    'seconds', round(seconds, 2), 'longest_s', round(longest_s, 2)) ORDER BY type, outcome), '[]') FROM ended),
  'dead_letters', (SELECT count(*) FROM jobs WHERE dead_letter),
  'posts_overdue', (SELECT n FROM late),
  'publishing_lag_s', (SELECT round(lag_s, 1) FROM late),
  'posts_unconfirmed', (SELECT count(*) FROM posts WHERE state = 'unknown'),
  'webhooks_waiting', (SELECT count(*) FROM webhook_messages WHERE state = 'pending'),
  'notices_waiting', (SELECT count(*) FROM notice_deliveries WHERE state = 'pending'),
  'text_calls_today', (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM calls),
  'spent_today_usd', (SELECT coalesce(sum(usd), 0) FROM calls),
  'channels_expiring', (SELECT count(*) FROM channels WHERE deleted_at IS NULL AND state = 'connected'
    AND expires_at < clock_timestamp() + interval '7 days'),
  'channels_to_reconnect', (SELECT count(*) FROM channels WHERE deleted_at IS NULL AND state = 'reconnect'),
  'workers', (SELECT coalesce(jsonb_object_agg(queue, n), '{}') FROM served),
  'devices', (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM (SELECT state, count(*) AS n FROM known GROUP BY state) k),
  'connections', (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
  'backup_finished_s', (SELECT coalesce(extract(epoch FROM max(finished_at)), 0) FROM backups WHERE state = 'complete'),
  'backup_log_lag_s', (SELECT greatest(coalesce(max(extract(epoch FROM clock_timestamp() - log_since)), 0), 0)
    FROM backup_status),
  'connections_most', CAST(current_setting('max_connections') AS integer)
) || CASE WHEN p_sizes THEN jsonb_build_object(
  'spent_today_most_usd', (SELECT coalesce(max(day), 0) FROM spent),
  'spent_month_most_usd', (SELECT coalesce(max(month), 0) FROM spent),
  'own_budget_used_ratio', (SELECT coalesce(max(greatest(s.day / nullif(b.daily_usd, 0),
    s.month / nullif(b.monthly_usd, 0))), 0) FROM spent s JOIN budgets b ON b.tenant_id = s.tenant_id),
  'database_bytes', pg_database_size(current_database()),
  'stored_bytes', (SELECT coalesce(sum(size_bytes), 0) FROM assets WHERE state = 'stored'),
  'stored_files', (SELECT count(*) FROM assets WHERE state = 'stored')) ELSE '{}' END $$
"""

QUEUE_LOAD = """
CREATE OR REPLACE FUNCTION queue_load(p_queue text)
RETURNS TABLE(waiting bigint, running bigint, oldest_wait_s double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET jit = off AS $$
SELECT count(*), (SELECT count(*) FROM jobs WHERE state = 'processing' AND queue = p_queue),
  coalesce(max(extract(epoch FROM clock_timestamp() - greatest(not_before, created_at))), 0)
FROM jobs WHERE state = 'pending' AND queue = p_queue AND waits_for = 0 AND not_before <= clock_timestamp() $$
"""
"""By what KEDA scales workers; the login `studio_scaler` may ask it and nothing else."""
SCALER = "studio_scaler"

FUNCTIONS = (FIGURES, QUEUE_LOAD)
