"""The database: transactions, pipelining, group commit, tables and migrations."""
