"""Backups: base backups and the WAL archive of Postgres, objects by manifest, settings and keys; restoring to the minute.

`python -m ops.backup --help`; docs/operate.md says how operators use it. All that is written at the target is encrypted with
age for BACKUP_RECIPIENT, apart from the records that say what there is (ids, times, sizes and hashes).

    <target>/studio-backups.json                       marks the folder as a target
    <target>/<cluster>/backups/<id>/record.json        written last: what has none is no backup
                                    database.tar.zst.age, or database.dump.age
                                    objects.zst.age    key, size and SHA-256 of every object
                                    installation.age   settings, passwords, key ring, audit archive
    <target>/<cluster>/wal/<segment>.<time>.zst.age    the log between backups
    <target>/<cluster>/objects/<hash of key>.age       each object once: keys are never written over
    <target>/<cluster>/object-logs/<time>.zst.age      objects that were added after a backup's manifest
    <target>/<cluster>/secrets.age                     passwords and keys of now
    <target>/<cluster>/safety.age                      what is signed out, and what went out to platforms, up to the minute

`<cluster>` is Postgres's system identifier, so that two installations never mix in one target.
"""
