"""What the pages Videos and Sessions share: the player, and what is read off and said below it."""
