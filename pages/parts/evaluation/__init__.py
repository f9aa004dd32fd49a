"""The parts of the evaluation page."""
