"""From rows of a file to a trained checkpoint."""
