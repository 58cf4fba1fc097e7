"""The database: the guard, the read-only connection, exact sums, and the import of a table."""
