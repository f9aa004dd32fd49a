"""What a setting or a stored value may be, stated once and checked everywhere."""
