"""From a question to a statement: names become slots, a model reads what is left, code restores, checks and weighs what it read."""
