"""Files in and out: one gate for what comes from outside, and writers that are never half done."""
