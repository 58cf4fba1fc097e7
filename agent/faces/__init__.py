"""What people and programs meet: the console and the batch."""
