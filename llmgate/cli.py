"""The command table. A command's module is imported when it is chosen: `llmgate --help` loads no
server.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from llmgate import __version__
from llmgate.commands.reader import forget
from llmgate.errors import ConfigProblem, LlmgateError, Misuse, StartupProblem

_BROKEN_PIPE = 141  # as a shell says of a program that SIGPIPE ended

COMMANDS = {
    "up": "start the gateway and open the terminal UI on it",
    "tui": "open the terminal UI on a running gateway",
    "init": "write a commented config.yaml from the keys and local servers found",
    "check": "validate a config: file, line, column, what to do",
    "log": "list, search, show and tail recorded exchanges",
    "replay": "send recorded exchanges again, to other providers, and compare",
    "record": "export exchanges as files, import, show and check such files",
    "bench": "measure the gateway on this machine",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(help_text())
        return 0
    if arguments[0] in {"-V", "--version", "version"}:
        print(f"llmgate {__version__}")
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        print(f"llmgate: no command is called '{name}'\n\n{help_text()}", file=sys.stderr)
        return 2
    return _run(name, arguments[1:])


def help_text() -> str:
    """What `llmgate --help` prints."""
    lines = ["usage: llmgate COMMAND [options]", ""]
    lines += [f"  llmgate {name:<8}{text}" for name, text in COMMANDS.items()]
    lines += ["", "`llmgate COMMAND --help` tells a command's options."]
    return "\n".join(lines)


def _run(name: str, arguments: list[str]) -> int:
    command = importlib.import_module(f"llmgate.commands.{name}")
    parser = argparse.ArgumentParser(prog=f"llmgate {name}", description=COMMANDS[name])
    command.add_arguments(parser)
    try:
        code: int = command.run(parser.parse_args(arguments))
        sys.stdout.flush()
    except (StartupProblem, ConfigProblem, Misuse) as problem:
        print(f"llmgate: {problem}{_more(problem)}", file=sys.stderr)
        return 2
    except LlmgateError as problem:
        print(f"llmgate: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `llmgate check | head` has seen enough
        forget()
        return _BROKEN_PIPE
    return code


def _more(problem: LlmgateError) -> str:
    others = problem.others if isinstance(problem, ConfigProblem) else ()
    return f"; {len(others)} more: `llmgate check` lists them" if others else ""
