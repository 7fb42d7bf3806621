"""What each kind of step does: at once (`instant`), or by ordering jobs and taking in what they made (`orders`)."""
