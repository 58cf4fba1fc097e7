"""Several ways of tuning on several tasks, side by side."""
