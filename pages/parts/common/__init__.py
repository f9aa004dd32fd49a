"""What all pages share: the frame around them, settings, resources, and the server."""
