"""Discord: the bot. The only package that knows hikari.

markdown.py   a card as Discord shows it: escaped, within its limits, nobody mentioned; and the ids read back
sink.py       what the command talks to, from its own thread
channel.py    posts messages, looks them up in the channel, says "Online"
faults.py     what hikari raises, as what it means for the message
presence.py   the gateway: the bot is seen to be there
thread.py     the thread of hikari's event loop
"""
