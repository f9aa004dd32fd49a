"""The parts of the history page."""
