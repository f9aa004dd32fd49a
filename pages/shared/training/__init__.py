"""Parts of the training and history pages."""
