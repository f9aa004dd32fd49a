"""What the page Sessions draws."""
