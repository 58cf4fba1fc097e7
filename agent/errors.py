"""The errors a user can meet. Each message is one sentence: what is wrong, where, what to do."""


class CaibaoError(Exception):
    """Bad input or a missing part; printed as one sentence, never with a crash trace."""


class SqlRejected(CaibaoError):
    """The guard does not let a statement through; the message names the reason."""


class DatabaseError(CaibaoError):
    """The database cannot be reached, is locked, refuses the statement or ran out of time."""


class NotAnswerable(CaibaoError):
    """A question that the table cannot answer; the message becomes the refusal."""
