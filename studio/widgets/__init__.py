"""Parts that several pages draw. They read through the doors, write through one verb, and know the page they are on."""
