"""When backups are made, which of them stay, and what a restore reads: rules without a database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Invalid
from ops.backup import choice, records, schedule
from ops.backup.records import BackupRecord, LogName

NIGHT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SIX_HOURS = timedelta(hours=6)


def record(at: datetime, kind: str = "full", parent: str = "") -> BackupRecord:
    return BackupRecord.model_validate(
        {"id": f"{at:%Y%m%dT%H%M%S}-{kind}", "cluster": "1", "kind": kind, "parent": parent, "started_at": at}
        | {"finished_at": at + timedelta(minutes=1), "parts": {}, "first_segment": "0" * 24, "timeline": 1}
    )


def due(*made: BackupRecord, now: datetime, restored_at: datetime | None = None) -> str | None:
    return schedule.due(made, now=now, full_at=time(2), every=SIX_HOURS, restored_at=restored_at)


def test_the_first_backup_is_full_and_incremental_ones_follow_every_six_hours() -> None:
    assert due(now=NIGHT) == "full"
    full = record(NIGHT)
    assert due(full, now=NIGHT + timedelta(hours=5, minutes=59)) is None
    assert due(full, now=NIGHT + SIX_HOURS) == "incremental"
    later = record(NIGHT + SIX_HOURS, "incremental", full.id)
    assert due(full, later, now=NIGHT + timedelta(hours=11)) is None
    assert due(full, later, now=NIGHT + timedelta(hours=24)) == "full"


def test_a_missed_night_is_made_up_for_once() -> None:
    old = record(NIGHT - timedelta(days=3))
    start = NIGHT + timedelta(hours=7)
    assert due(old, now=start) == "full"
    assert due(old, record(start), now=start + timedelta(minutes=1)) is None


def test_a_clock_that_jumps_neither_stops_the_schedule_nor_storms() -> None:
    full = record(NIGHT)
    ahead = NIGHT + timedelta(days=400)
    assert due(full, now=ahead) == "full"
    of_the_future = record(ahead)
    assert due(full, of_the_future, now=ahead + timedelta(minutes=1)) is None
    back = NIGHT + timedelta(hours=1)
    assert due(full, of_the_future, now=back) is None, "what was made by the wrong clock is as if it were not there"
    assert due(of_the_future, now=back) == "full"


def test_after_a_restore_a_full_backup_begins_anew() -> None:
    full = record(NIGHT)
    assert due(full, now=NIGHT + timedelta(hours=2), restored_at=NIGHT + timedelta(hours=1)) == "full"


@given(
    days=st.lists(st.integers(0, 90), min_size=1, max_size=12, unique=True),
    incrementals=st.integers(0, 3),
    keep=st.integers(1, 40),
)
def test_what_expires_is_never_needed_for_a_moment_that_is_kept(days: list[int], incrementals: int, keep: int) -> None:
    now = NIGHT + timedelta(days=91)
    made: list[BackupRecord] = []
    for day in sorted(days):
        parent = record(NIGHT + timedelta(days=day))
        made.append(parent)
        for n in range(incrementals):
            parent = record(parent.started_at + SIX_HOURS, "incremental", parent.id)
            made.append(parent)
            assert n < 3
    gone = {old.id for old in records.expired(made, now=now, keep=timedelta(days=keep))}
    left = [each for each in made if each.id not in gone]
    assert left, "the newest always stays"
    assert all(records.chain_of(each, left) for each in left), "no incremental one lost its full one"
    moment = now - timedelta(days=keep)
    if records.candidates(made, moment):
        assert records.candidates(left, moment), "the oldest moment that is promised can still be restored"


def test_a_chain_with_a_hole_is_no_candidate() -> None:
    full = record(NIGHT)
    first = record(NIGHT + SIX_HOURS, "incremental", full.id)
    second = record(NIGHT + 2 * SIX_HOURS, "incremental", first.id)
    assert [each.id for each in records.chain_of(second, [full, first, second])] == [full.id, first.id, second.id]
    assert records.candidates([full, second], None) == [full]


def test_the_log_is_read_by_number_whatever_the_clock_said() -> None:
    names = [
        LogName(segment=f"00000001000000000000000{n}", archived_at=NIGHT + timedelta(minutes=minutes), name=str(n))
        for n, minutes in ((1, 0), (2, 50), (3, 1), (4, 12), (5, 13))
    ]
    history = LogName(segment="00000002.history", archived_at=NIGHT, name="h")
    needed = records.segments_needed([*names, history], "000000010000000000000002", NIGHT + timedelta(minutes=45))
    assert [entry.name for entry in needed] == ["h", "2", "3", "4", "5"]
    needed = records.segments_needed(names, "000000010000000000000002", NIGHT + timedelta(minutes=1))
    assert [entry.name for entry in needed] == ["2"], "the first that is late enough ends it"


def test_names_of_the_log_can_be_read_back() -> None:
    name = records.log_name("7", "000000010000000000000002", NIGHT)
    assert records.parse_log_name(name) == LogName(segment="000000010000000000000002", archived_at=NIGHT, name=name)
    assert records.parse_log_name("7/wal/notes.txt") is None


def test_a_moment_is_of_this_machines_clock_unless_it_names_a_zone() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert choice.parse_moment("2026-11-22T10:15Z", now=now) == datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
    local = datetime(2026, 11, 22, 10, 15).astimezone()
    assert choice.parse_moment("2026-11-22 10:15", now=now) == local
    assert choice.parse_moment("", now=now) is None
    for wrong in ("yesterday", "2027-01-01 10:00"):
        with pytest.raises(Invalid):
            choice.parse_moment(wrong, now=now)
