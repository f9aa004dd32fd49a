"""Reports: one content, written as a page of HTML and as a PDF."""
