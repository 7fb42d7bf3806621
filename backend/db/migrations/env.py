"""Alembic's entry: the connection is handed over by `apply.migrate`, which holds the lock and the transaction."""

from alembic import context

from backend.db.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
