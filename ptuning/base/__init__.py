"""The frozen base: its folder, weights, tokenizer and bits."""
