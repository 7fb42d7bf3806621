"""`make upgrade`: the studio of this machine gets today's code, with a backup before, and is away for seconds only.

`bin/upgrade.py` prepares the code and its packages, then runs this with them. Until the migrations are through, the old version
runs on; what fails before that leaves everything as it was.
"""
