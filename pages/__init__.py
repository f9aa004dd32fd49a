"""The dashboard's pages: thin scripts that turn widgets into calls of the library."""
