"""What is not a flow: the textbook model, and relaxation with search where that is too large."""
