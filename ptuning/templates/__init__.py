"""Tasks put as a text with a gap: templates, and verbalizers that say which words in the gap mean which label."""
