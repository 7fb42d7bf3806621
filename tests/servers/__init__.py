"""Protocol-faithful imitations of others' servers and programs, with faults that tests can switch on."""
