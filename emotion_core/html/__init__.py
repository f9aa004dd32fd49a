"""HTML that pages show and reports are made of. Everything that varies in it is escaped."""
