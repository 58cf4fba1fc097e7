"""The statement that answers a question: over surrogates, asked of the model, checked, put back, made executable."""
