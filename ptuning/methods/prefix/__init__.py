"""P-Tuning v2."""
