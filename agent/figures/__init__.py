"""What a column or a formula means: names, units, arithmetic, and how figures are read and printed."""
