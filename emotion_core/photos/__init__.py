"""The photos of one session: taken in, analysed, drawn and handed out."""
