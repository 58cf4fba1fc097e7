"""Errors a user can meet; each message is one sentence that says what is wrong, where, and what to do."""


class PtuningError(Exception):
    """Bad input, a missing file, a checkpoint that does not fit; printed without a crash trace."""
