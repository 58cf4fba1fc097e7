"""The agent: question → class → key words → SQL over company_table → conclusion."""
