"""The errors a user can meet. Each message is one sentence: what is wrong, where, what to do."""

LONGEST_REASON = 150  # characters


class CaibaoError(Exception):
    """Bad input or a missing part; printed as one sentence, never with a crash trace."""


class SqlRejected(CaibaoError):
    """A statement is not let through; the message names the reason in one printable line, whatever name of the model's it repeats."""

    def __init__(self, reason: str) -> None:
        shown = "".join(c if c.isprintable() else "\ufffd" for c in reason)
        super().__init__(shown if len(shown) <= LONGEST_REASON else shown[:LONGEST_REASON] + "…")


class DatabaseError(CaibaoError):
    """The database cannot be reached, is locked, refuses the statement or ran out of time."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached, or is locked, just now; the same call may work a little later."""


class NotAnswerable(CaibaoError):
    """A question that the table cannot answer; the message becomes the refusal."""


class QueryLimit(DatabaseError, NotAnswerable):
    """A statement took too long or returned too much: its question is refused, the next ones run."""
