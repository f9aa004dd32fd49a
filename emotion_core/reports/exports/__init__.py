"""Sessions as files that other tools read: one file of code per form."""
