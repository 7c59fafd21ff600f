"""Discord: the bot. The only package that knows hikari.

sink.py        what the command talks to, from its own thread
required.py    what it needs of the config
connection.py  opens and closes all of it
channels.py    posts, edits and looks up messages
messages.py    what a message holds, and which alerts one shows
markdown.py    texts: escaped, within Discord's limits; and the ids read back
buckets.py     how often Discord may be asked
faults.py      what hikari raises, as what it means for the message
greeting.py    says "Online"
trial.py       posts a card marked TEST
guilds.py      in which server a channel is: links name it
rights.py      what the bot may do in a channel
erasure.py     takes cards out of messages (forget)
presence.py    the gateway: the bot is seen to be there, and hears what people do
presses.py     the buttons under cards     slash.py  `/harmony …`     desk.py  whom both ask
replies.py     what whoever asks is told   naming.py what we call them
thread.py      the thread of hikari's event loop
"""
