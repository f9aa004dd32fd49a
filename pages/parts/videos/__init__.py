"""What the page Videos draws."""
