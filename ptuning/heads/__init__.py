"""What reads the last hidden states instead of the vocabulary: classes of a text, or of each of its words."""
