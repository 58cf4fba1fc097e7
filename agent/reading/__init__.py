"""What a question says: its kind, companies, years, places, amounts, columns, and what of it is open."""
