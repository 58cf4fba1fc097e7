"""What trains on a frozen base."""
