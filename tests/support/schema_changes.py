"""What a migration takes away from code that was written for the schema before it, as the catalog shows it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection, text

_COLUMNS = text(
    "SELECT c.oid AS of, a.attnum AS number, c.relname || '.' || a.attname AS name, "
    "format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required, "
    "a.atthasdef OR a.attidentity <> '' AS filled, a.attgenerated <> '' AS generated "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
)
_RULES = text(
    "SELECT c.relname || '.' || k.conname AS name, pg_get_constraintdef(k.oid) AS definition, "
    "array_to_string(k.conkey, ' ') AS numbers, c.oid AS of "
    "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
    "WHERE c.relnamespace = 'public'::regnamespace AND k.contype IN ('c', 'f', 'x') "
    "UNION ALL SELECT c.relname || '.' || i.relname, pg_get_indexdef(i.oid), x.indkey::text, c.oid "
    "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid "
    "WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique"
)


@dataclass(frozen=True)
class Catalog:
    """`columns`: table.column -> (type, required, filled by itself, generated). `rules`: table.name of each check, foreign key
    and unique index -> (definition, its columns)."""

    columns: dict[str, tuple[str, bool, bool, bool]]
    rules: dict[str, tuple[str, frozenset[str]]]

    @cached_property
    def tables(self) -> set[str]:
        return {name.split(".")[0] for name in self.columns}


def read_catalog(connection: Connection) -> Catalog:
    rows = connection.execute(_COLUMNS).all()
    columns = {row.name: (row.type, row.required, row.filled, row.generated) for row in rows}
    names = {(row.of, row.number): row.name for row in rows}
    rules = {
        row.name: (row.definition, frozenset(names[row.of, int(n)] for n in row.numbers.split() if n != "0"))
        for row in connection.execute(_RULES)
    }
    return Catalog(columns, rules)


def takes_away(before: Catalog, after: Catalog) -> list[str]:
    """Each thing that a statement of code for `before` could fail on: what is gone or has another type, what is required now,
    and rules on columns that were there."""
    found = [f"{name} is gone" for name in sorted(before.columns.keys() - after.columns.keys())]
    for name, (type_, required, filled, generated) in sorted(after.columns.items()):
        old = before.columns.get(name)
        if old is None:
            if name.split(".")[0] in before.tables and required and not (filled or generated):
                found.append(f"{name} is new and required")
            continue
        if old[0] != type_:
            found.append(f"{name} was {old[0]} and is {type_}")
        if required and not old[1]:
            found.append(f"{name} is required now")
        if old[2] and not filled and required:
            found.append(f"{name} has no default any more")
    old_definitions = {definition for definition, _ in before.rules.values()}
    for name, (definition, columns) in sorted(after.rules.items()):
        if name.split(".")[0] in before.tables and definition not in old_definitions and columns <= before.columns.keys():
            found.append(f"{name} is a new rule: {definition}")
    return found
