"""The networks that tell the expression of a crop, and everything needed to serve them.

Importing this package loads neither TensorFlow nor Keras: those belong to ``architectures`` and
``export``, which are imported only to train, convert or judge a ``.keras`` file.
"""
