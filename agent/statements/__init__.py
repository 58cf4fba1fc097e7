"""The statement language: what a question asks for, as SQL over a virtual wide table (data/wordings/STATEMENTS.md)."""
