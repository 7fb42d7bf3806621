"""`python -m ops.local_stack`: everything on one machine, until Ctrl-C."""

from ops.local_stack.supervisor import main

raise SystemExit(main())
