"""Which companies a question names, with typos, and those that the table does not have."""
