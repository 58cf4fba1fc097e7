"""Writes the sample table, the fine-tuning rows, the test questions and the pre-training corpus from our own templates and a seed."""
