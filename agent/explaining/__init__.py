"""Answers that need no figures: what a concept means."""
