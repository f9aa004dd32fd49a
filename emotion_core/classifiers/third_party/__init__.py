"""Networks that other projects trained: looked through, tried and added to our models."""
