"""One base, many tunings, one batch of questions."""
