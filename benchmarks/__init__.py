"""Measured comparisons, run by hand; results are kept in benchmarks/README.md."""
