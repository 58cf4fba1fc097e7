"""Writes the sample table, the fine-tuning rows, the test questions and the pre-training corpus from our own templates and a seed."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the project
