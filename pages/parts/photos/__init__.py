"""The parts of the photos page."""
