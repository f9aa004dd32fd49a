"""How far the model agrees with people who coded the same session."""
