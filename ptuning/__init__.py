"""P-Tuning v2 on a frozen GLM: prefix encoders, their training and generation. Knows nothing of finance."""
