"""How well it does: each task's model alone, answers against gold, and the summary."""
