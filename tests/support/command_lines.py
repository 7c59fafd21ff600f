"""Finds the `harmony` command lines in docs, scripts and units, and asks our own command line whether it takes them."""

import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from itertools import dropwhile
from typing import Any

import typer
from typer.main import get_command

from harmonystate.cli import app

_BLOCK = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]*harmony [^`\n]+)`(?!`)")
# `>` and what follows it up to the end of the path are no arguments.
_REDIRECTION = re.compile(r"\d*>>?\s*\S+")
_PUNCTUATION = ";|&()"
# What may stand before a command, beside assignments: these run what follows them.
_RUNNERS = {"runuser", "env", "while", "do", "if", "until", "sudo", "exec"}


def in_shell(text: str) -> Iterator[list[str]]:
    """Yield the arguments of every `harmony` in a shell script; continued lines are one."""
    for line in text.replace("\\\n", " ").splitlines():
        if "harmony" in line:
            yield from _in_line(line)


def in_markdown(text: str) -> Iterator[list[str]]:
    """Yield the arguments of every `harmony` in a page's blocks of shell, and in its text between backticks."""
    for block in _BLOCK.findall(text):
        yield from in_shell(block)
    for span in _SPAN.findall(_BLOCK.sub("", text)):
        yield from _in_line(span)


def parse(arguments: list[str]) -> None:
    """Parse a command line as `harmony` does, and run nothing. One that only names a command need not be whole.

    The options of `harmony` itself, such as --install-completion, act as soon as they are parsed: they must be there.

    Raises:
        click's UsageError: when it does not take it.
    """
    command: Any = _harmony()
    if arguments in [[name] for option in command.params for name in option.opts]:
        return
    with ExitStack() as contexts:
        try:
            context = contexts.enter_context(command.make_context("harmony", list(arguments)))
            while hasattr(command, "commands") and (left := [*context._protected_args, *context.args]):
                name, command, rest = command.resolve_command(context, left)
                made = command.make_context(name, list(rest), parent=context, resilient_parsing=not rest)
                context = contexts.enter_context(made)
        except typer.Exit as done:  # --help
            if done.exit_code:
                raise


@cache
def _harmony() -> Any:
    return get_command(app)


def _in_line(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(_REDIRECTION.sub(" ", line), posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set(_PUNCTUATION):
            yield from _of_harmony(command)
            command = []
        else:
            command.append(word)


def _of_harmony(words: list[str]) -> Iterator[list[str]]:
    words = list(dropwhile(lambda word: "=" in word, words))
    found = [at for at, word in enumerate(words) if word == "harmony" or word.endswith("/bin/harmony")]
    if found and found[0] == 0:
        yield words[1:]
    elif found and words[0] in _RUNNERS:  # whose own options may name it too, as a user
        yield words[found[-1] + 1 :]
