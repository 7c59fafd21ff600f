"""Discord: the bot."""
