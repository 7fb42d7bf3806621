"""The spine: accounts, events, jobs, assets, influencers, loras, datasets, training, generation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vram_mb", sa.Integer(), server_default="0", nullable=False),
        sa.Column("engines", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="up", nullable=False),
        sa.Column("down_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_by", sa.Text(), nullable=True),
        sa.Column("last_engine", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("state IN ('up', 'down', 'disabled')", name=op.f("ck_devices_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("noun_id", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_events_tenant_id_id")),
    )
    op.create_index(op.f("ix_events_tenant_id_noun_noun_id_id"), "events", ["tenant_id", "noun", "noun_id", "id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("v", sa.Integer(), server_default="1", nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("waits_for", sa.Integer(), server_default="0", nullable=False),
        sa.Column("subject_noun", sa.Text(), server_default="", nullable=False),
        sa.Column("subject_id", sa.Text(), server_default="", nullable=False),
        sa.Column("retries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kills", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_letter", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(precision=18, scale=9), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'processing', 'completed', 'failed', 'cancelled')", name=op.f("ck_jobs_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["jobs.tenant_id", "jobs.id"], name=op.f("fk_jobs_tenant_id_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_jobs_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "request_key", name=op.f("uq_jobs_tenant_id_request_key")),
    )
    op.create_index(
        "ix_jobs_claim",
        "jobs",
        ["queue", "tenant_id", "priority", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_jobs_processing", "jobs", ["attempt_id"], unique=False, postgresql_where=sa.text("state = 'processing'")
    )
    op.create_index(op.f("ix_jobs_tenant_id_parent_id"), "jobs", ["tenant_id", "parent_id"], unique=False)
    op.create_index(op.f("ix_jobs_tenant_id_state_id"), "jobs", ["tenant_id", "state", "id"], unique=False)
    op.create_index(
        op.f("ix_jobs_tenant_id_subject_noun_subject_id_id"),
        "jobs",
        ["tenant_id", "subject_noun", "subject_id", "id"],
        unique=False,
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_table(
        "throttles",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_table(
        "turns",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("queue", "tenant_id", name=op.f("pk_turns")),
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("noun_id", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="uploading", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("state IN ('uploading', 'stored', 'taken', 'refused')", name=op.f("ck_uploads_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_uploads_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "noun", "noun_id", "client_key", name=op.f("uq_uploads_tenant_id_noun_noun_id_client_key")
        ),
    )
    op.create_index(
        op.f("ix_uploads_tenant_id_noun_noun_id_state"), "uploads", ["tenant_id", "noun", "noun_id", "state"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("queues", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("state", sa.Text(), server_default="up", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
    )
    op.create_table(
        "assets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="intent", nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("thumbs", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("kind IN ('image', 'video', 'audio', 'lora', 'state', 'archive')", name=op.f("ck_assets_kind")),
        sa.CheckConstraint("state IN ('intent', 'stored', 'deleted', 'purged')", name=op.f("ck_assets_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_assets_tenant_id_job_id"),
            ondelete="SET NULL (job_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_assets_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_assets_tenant_id_key")),
    )
    op.create_index(
        "ix_assets_deleted", "assets", ["deleted_at"], unique=False, postgresql_where=sa.text("state IN ('deleted', 'intent')")
    )
    op.create_index(op.f("ix_assets_tenant_id_job_id"), "assets", ["tenant_id", "job_id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="running", nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("phase", sa.Text(), server_default="", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("eta_s", sa.Double(), nullable=True),
        sa.Column("preview", sa.Text(), nullable=True),
        sa.Column("handle", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("progressed_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('running', 'completed', 'failed', 'cancelled', 'retried', 'waiting', 'released', 'lost')",
            name=op.f("ck_attempts_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_attempts_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_attempts_tenant_id_id")),
    )
    op.create_index(
        "ix_attempts_running", "attempts", ["worker_id"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(op.f("ix_attempts_tenant_id_job_id_id"), "attempts", ["tenant_id", "job_id", "id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'owner')", name=op.f("ck_invitations_role")),
        sa.ForeignKeyConstraint(["accepted_by"], ["users.id"], name=op.f("fk_invitations_accepted_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_invitations_created_by"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_invitations_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    op.create_table(
        "job_logs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("level", sa.Text(), server_default="info", nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_job_logs_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_logs")),
    )
    op.create_index(op.f("ix_job_logs_tenant_id_job_id_id"), "job_logs", ["tenant_id", "job_id", "id"], unique=False)
    op.create_table(
        "job_steps",
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Text(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"],
            ["jobs.tenant_id", "jobs.id"],
            name=op.f("fk_job_steps_tenant_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "job_id", "name", name=op.f("pk_job_steps")),
    )
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'owner')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(["tenant_id"], ["workspaces.id"], name=op.f("fk_memberships_tenant_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id_tenant_id"), "memberships", ["user_id", "tenant_id"], unique=False)
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_password_resets_created_by"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_password_resets_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_resets_token_hash")),
    )
    op.create_index(op.f("ix_password_resets_user_id"), "password_resets", ["user_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("ticket_hash", sa.Text(), nullable=True),
        sa.Column("ticket_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_sessions_ticket_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "asset_uses",
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("noun_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"],
            ["assets.tenant_id", "assets.id"],
            name=op.f("fk_asset_uses_tenant_id_asset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "asset_id", "noun", "noun_id", name=op.f("pk_asset_uses")),
    )
    op.create_index(op.f("ix_asset_uses_tenant_id_noun_noun_id"), "asset_uses", ["tenant_id", "noun", "noun_id"], unique=False)
    op.create_table(
        "loras",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger_word", sa.Text(), server_default="", nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("alpha", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("source IN ('trained', 'uploaded')", name=op.f("ck_loras_source")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"], ["assets.tenant_id", "assets.id"], name=op.f("fk_loras_tenant_id_asset_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loras")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_loras_tenant_id_id")),
    )
    op.create_index(
        "uq_loras_name", "loras", ["tenant_id", "name"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "influencers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger_word", sa.Text(), nullable=False),
        sa.Column("persona", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("look_prompt", sa.Text(), server_default="", nullable=False),
        sa.Column("look_negative", sa.Text(), server_default="", nullable=False),
        sa.Column("default_lora_id", sa.Text(), nullable=True),
        sa.Column("default_lora_weight", sa.Double(), server_default="1", nullable=False),
        sa.Column("ai_mark", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("cover_asset_id", sa.Text(), nullable=True),
        sa.Column("setup", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("default_lora_weight BETWEEN -2 AND 2", name=op.f("ck_influencers_weight")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cover_asset_id"],
            ["assets.tenant_id", "assets.id"],
            name=op.f("fk_influencers_tenant_id_cover_asset_id"),
            ondelete="SET NULL (cover_asset_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "default_lora_id"],
            ["loras.tenant_id", "loras.id"],
            name=op.f("fk_influencers_tenant_id_default_lora_id"),
            ondelete="SET NULL (default_lora_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_influencers")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_influencers_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_influencers_tenant_id_name")),
    )
    op.create_table(
        "datasets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trigger_word", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("rights_statement", sa.Text(), server_default="", nullable=False),
        sa.Column("rights_by", sa.Text(), nullable=True),
        sa.Column("rights_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'ready', 'training')", name=op.f("ck_datasets_status")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_datasets_tenant_id_influencer_id"),
            ondelete="SET NULL (influencer_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_datasets_tenant_id_id")),
    )
    op.create_index(
        "uq_datasets_name", "datasets", ["tenant_id", "name"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_table(
        "generations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("recipe", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_generations_tenant_id_influencer_id"),
            ondelete="SET NULL (influencer_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], name=op.f("fk_generations_tenant_id_job_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_generations_tenant_id_id")),
    )
    op.create_index(
        op.f("ix_generations_tenant_id_influencer_id_id"), "generations", ["tenant_id", "influencer_id", "id"], unique=False
    )
    op.create_table(
        "dataset_images",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Text(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("dhash", sa.Text(), nullable=False),
        sa.Column("sharpness", sa.Double(), nullable=False),
        sa.Column("near_duplicate_of", sa.Text(), nullable=True),
        sa.Column("near_duplicate_distance", sa.Integer(), nullable=True),
        sa.Column("included", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.Column("caption_by", sa.Text(), server_default="", nullable=False),
        sa.Column("caption_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"], ["assets.tenant_id", "assets.id"], name=op.f("fk_dataset_images_tenant_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"],
            ["datasets.tenant_id", "datasets.id"],
            name=op.f("fk_dataset_images_tenant_id_dataset_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_images")),
        sa.UniqueConstraint("tenant_id", "dataset_id", "sha256", name=op.f("uq_dataset_images_tenant_id_dataset_id_sha256")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_dataset_images_tenant_id_id")),
    )
    op.create_index(
        op.f("ix_dataset_images_tenant_id_dataset_id_id"), "dataset_images", ["tenant_id", "dataset_id", "id"], unique=False
    )
    op.create_table(
        "pictures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("generation_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("rating", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("rating BETWEEN 0 AND 5", name=op.f("ck_pictures_rating")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"], ["assets.tenant_id", "assets.id"], name=op.f("fk_pictures_tenant_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "generation_id"],
            ["generations.tenant_id", "generations.id"],
            name=op.f("fk_pictures_tenant_id_generation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_pictures_tenant_id_influencer_id"),
            ondelete="SET NULL (influencer_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("tenant_id", "generation_id", "n", name=op.f("uq_pictures_tenant_id_generation_id_n")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_pictures_tenant_id_id")),
    )
    op.create_index(
        "ix_pictures_gallery", "pictures", ["tenant_id", "id"], unique=False, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_index(
        "ix_pictures_influencer",
        "pictures",
        ["tenant_id", "influencer_id", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_pictures_rating",
        "pictures",
        ["tenant_id", "rating", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "training_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dataset_id", sa.Text(), nullable=False),
        sa.Column("influencer_id", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sample_prompts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("trigger_word", sa.Text(), server_default="", nullable=False),
        sa.Column("loss_first", sa.Double(), nullable=True),
        sa.Column("loss_last", sa.Double(), nullable=True),
        sa.Column("lora_id", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"],
            ["datasets.tenant_id", "datasets.id"],
            name=op.f("fk_training_runs_tenant_id_dataset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "influencer_id"],
            ["influencers.tenant_id", "influencers.id"],
            name=op.f("fk_training_runs_tenant_id_influencer_id"),
            ondelete="SET NULL (influencer_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "job_id"], ["jobs.tenant_id", "jobs.id"], name=op.f("fk_training_runs_tenant_id_job_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lora_id"],
            ["loras.tenant_id", "loras.id"],
            name=op.f("fk_training_runs_tenant_id_lora_id"),
            ondelete="SET NULL (lora_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_runs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_training_runs_tenant_id_id")),
    )
    op.create_index(
        op.f("ix_training_runs_tenant_id_dataset_id_id"), "training_runs", ["tenant_id", "dataset_id", "id"], unique=False
    )
    op.create_index(
        op.f("ix_training_runs_tenant_id_influencer_id_id"), "training_runs", ["tenant_id", "influencer_id", "id"], unique=False
    )
    op.create_table(
        "picture_loras",
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("picture_id", sa.Text(), nullable=False),
        sa.Column("lora_id", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "lora_id"], ["loras.tenant_id", "loras.id"], name=op.f("fk_picture_loras_tenant_id_lora_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "picture_id"],
            ["pictures.tenant_id", "pictures.id"],
            name=op.f("fk_picture_loras_tenant_id_picture_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "picture_id", "lora_id", name=op.f("pk_picture_loras")),
    )
    op.create_index(
        op.f("ix_picture_loras_tenant_id_lora_id_picture_id"),
        "picture_loras",
        ["tenant_id", "lora_id", "picture_id"],
        unique=False,
    )
    op.create_table(
        "training_checkpoints",
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("state_asset_id", sa.Text(), nullable=True),
        sa.Column("final", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"],
            ["assets.tenant_id", "assets.id"],
            name=op.f("fk_training_checkpoints_tenant_id_asset_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["training_runs.tenant_id", "training_runs.id"],
            name=op.f("fk_training_checkpoints_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "state_asset_id"],
            ["assets.tenant_id", "assets.id"],
            name=op.f("fk_training_checkpoints_tenant_id_state_asset_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "step", name=op.f("pk_training_checkpoints")),
    )
    op.create_table(
        "training_points",
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("lr", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["training_runs.tenant_id", "training_runs.id"],
            name=op.f("fk_training_points_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "step", name=op.f("pk_training_points")),
    )
    op.create_table(
        "training_samples",
        sa.Column("tenant_id", sa.Text(), server_default=sa.text("current_setting('app.tenant', true)"), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "asset_id"], ["assets.tenant_id", "assets.id"], name=op.f("fk_training_samples_tenant_id_asset_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["training_runs.tenant_id", "training_runs.id"],
            name=op.f("fk_training_samples_tenant_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "step", "n", name=op.f("pk_training_samples")),
    )


def downgrade() -> None:
    op.drop_table("training_samples")
    op.drop_table("training_points")
    op.drop_table("training_checkpoints")
    op.drop_index(op.f("ix_picture_loras_tenant_id_lora_id_picture_id"), table_name="picture_loras")
    op.drop_table("picture_loras")
    op.drop_index(op.f("ix_training_runs_tenant_id_influencer_id_id"), table_name="training_runs")
    op.drop_index(op.f("ix_training_runs_tenant_id_dataset_id_id"), table_name="training_runs")
    op.drop_table("training_runs")
    op.drop_index("ix_pictures_rating", table_name="pictures", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_index("ix_pictures_influencer", table_name="pictures", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_index("ix_pictures_gallery", table_name="pictures", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("pictures")
    op.drop_index(op.f("ix_dataset_images_tenant_id_dataset_id_id"), table_name="dataset_images")
    op.drop_table("dataset_images")
    op.drop_index(op.f("ix_generations_tenant_id_influencer_id_id"), table_name="generations")
    op.drop_table("generations")
    op.drop_index("uq_datasets_name", table_name="datasets", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("datasets")
    op.drop_table("influencers")
    op.drop_index("uq_loras_name", table_name="loras", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("loras")
    op.drop_index(op.f("ix_asset_uses_tenant_id_noun_noun_id"), table_name="asset_uses")
    op.drop_table("asset_uses")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_password_resets_user_id"), table_name="password_resets")
    op.drop_table("password_resets")
    op.drop_index(op.f("ix_memberships_user_id_tenant_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("job_steps")
    op.drop_index(op.f("ix_job_logs_tenant_id_job_id_id"), table_name="job_logs")
    op.drop_table("job_logs")
    op.drop_table("invitations")
    op.drop_index(op.f("ix_attempts_tenant_id_job_id_id"), table_name="attempts")
    op.drop_index("ix_attempts_running", table_name="attempts", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_table("attempts")
    op.drop_index(op.f("ix_assets_tenant_id_job_id"), table_name="assets")
    op.drop_index("ix_assets_deleted", table_name="assets", postgresql_where=sa.text("state IN ('deleted', 'intent')"))
    op.drop_table("assets")
    op.drop_table("workspaces")
    op.drop_table("workers")
    op.drop_table("users")
    op.drop_index(op.f("ix_uploads_tenant_id_noun_noun_id_state"), table_name="uploads")
    op.drop_table("uploads")
    op.drop_table("turns")
    op.drop_table("throttles")
    op.drop_table("schedules")
    op.drop_index(op.f("ix_jobs_tenant_id_subject_noun_subject_id_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_tenant_id_state_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_tenant_id_parent_id"), table_name="jobs")
    op.drop_index("ix_jobs_processing", table_name="jobs", postgresql_where=sa.text("state = 'processing'"))
    op.drop_index("ix_jobs_claim", table_name="jobs", postgresql_where=sa.text("state = 'pending'"))
    op.drop_table("jobs")
    op.drop_index(op.f("ix_events_tenant_id_noun_noun_id_id"), table_name="events")
    op.drop_table("events")
    op.drop_table("devices")
