"""Training: settings, input, and the run itself. Keras is imported only when a run starts."""
