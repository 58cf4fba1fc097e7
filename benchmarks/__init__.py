"""Measured comparisons, run by hand; results are kept in benchmarks/README.md."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # the project
