"""Annual, half-year and quarterly reports: files read into pages, pages into cells with their provenance, cells into a store."""
