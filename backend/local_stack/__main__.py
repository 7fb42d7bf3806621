"""`python -m backend.local_stack`: everything on one machine, until Ctrl-C."""

from backend.local_stack.supervisor import main

raise SystemExit(main())
