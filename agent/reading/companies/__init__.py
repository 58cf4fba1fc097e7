"""Which companies a question names, with slips of the pen, and those that the table does not have."""
