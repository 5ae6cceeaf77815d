"""`llmgate replay`: sends recorded exchanges again, to the same or to other providers, and
compares.
"""

import argparse
import asyncio
import sys
from typing import Final

import msgspec

from llmgate.commands import replay_asked, replay_follow, replay_table
from llmgate.commands.attached import ask, attached
from llmgate.commands.log import add_filters
from llmgate.commands.reader import may_leave
from llmgate.compare.fail_if import HELP, BadRule, Judgement, Rule, parse
from llmgate.compare.report import markdown
from llmgate.errors import LlmgateError, Misuse
from llmgate.wire.replays import Matrix, ReplayView

_BROKEN: Final = 1
_UNFINISHED: Final = 3
_CODES: Final = """\
exit codes:
  0    all was sent and no rule is broken; single answers may have failed: --fail-if failed
  1    a rule is broken, nothing ended well, or the gateway failed
  2    nothing was sent: an option, id, file, provider or rule makes no sense
  3    not all was sent: the limit is reached, or somebody stopped it; --resume goes on
  130  Ctrl-C: it is stopped, --resume goes on"""


class Report(Matrix, frozen=True, kw_only=True, omit_defaults=True):
    """What ``--json`` prints: the matrix, and beside it what the rule of ``--fail-if`` says."""

    fail_if: str = ""
    judgement: Judgement | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate replay`."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="ID|FILE|FOLDER",
        help="exchanges by id, recordings, logs and folders of them; or choose with the filters",
    )
    parser.epilog = f"{HELP}\n\n{_CODES}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    _sending(parser)
    _output(parser)
    add_filters(parser)
    parser.add_argument(
        "--limit", type=int, metavar="N", help="the newest N that match, oldest first (default 100)"
    )
    others = parser.add_argument_group("replays that are there")
    others.add_argument("--list", action="store_true", help="list them")
    others.add_argument("--matrix", metavar="ID", help="show what came of one")
    others.add_argument("--resume", metavar="ID", help="send what one has not sent yet")
    gateway = parser.add_argument_group(
        "gateway", "the one that runs, else one is started for this"
    )
    gateway.add_argument("--data-dir", metavar="FOLDER", help="where the gateway keeps its data")
    gateway.add_argument("--config", metavar="FILE", help="for one that is started")
    gateway.add_argument("--env-file", metavar="FILE", help="for one that is started")


def _sending(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="PROVIDER[/MODEL]",
        help="where to, several times for several; default: as it was asked, through the routes",
    )
    parser.add_argument("--times", type=int, default=1, metavar="N", help="each so often")
    parser.add_argument("--concurrency", type=int, metavar="N", help="so many at once (default 1)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a field of the request: temperature=0, reasoning.effort=low; null takes it away",
    )
    parser.add_argument(
        "--timing", default="fast", metavar="fast|recorded|xN", help="x2: recorded, twice as fast"
    )
    parser.add_argument("--limit-usd", type=float, metavar="USD", help="spend no more than this")
    parser.add_argument("--name", default="", help="what to call it")
    parser.add_argument("--yes", action="store_true", help="send without asking")
    parser.add_argument("--estimate", action="store_true", help="say what it would cost, no more")


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="the matrix and what the rule says as JSON"
    )
    parser.add_argument("--markdown", action="store_true", help="the matrix as a Markdown report")
    parser.add_argument(
        "--fail-if",
        metavar="RULE",
        help="exit code 1 if, like 'similarity<0.8 or cost>2x'",
    )


def run(args: argparse.Namespace) -> int:
    """Sends, or shows what came of it; gives the exit code that the help tells of."""
    try:
        rule = parse(args.fail_if) if args.fail_if else None
    except BadRule as error:
        raise Misuse(str(error)) from error
    return asyncio.run(_act(args, rule))


async def _act(args: argparse.Namespace, rule: Rule | None) -> int:
    asks = args.list or args.matrix  # these read only: no gateway is started for a list of none
    async with attached(args.data_dir, config=args.config, env_file=args.env_file) as client:
        if args.list:
            views = await ask(client, "GET", "replays", list[ReplayView])
            with may_leave():
                replay_table.print_list(views, as_json=args.json)
            return 0
        if args.matrix:
            view = await ask(client, "GET", f"replays/{args.matrix}", ReplayView)
        elif args.resume:
            view = await replay_follow.resumed(client, args.resume, args.limit_usd)
        else:
            spec = await replay_asked.spec(client, args)
            if not await replay_follow.agreed(client, spec, args):
                return 0
            view = await replay_follow.started(client, spec)
        if not asks:
            view = await replay_follow.followed(client, view)
        matrix = await ask(client, "GET", f"replays/{view.id}/matrix", Matrix)
    return _told(matrix, args, rule)


def _told(matrix: Matrix, args: argparse.Namespace, rule: Rule | None) -> int:
    """Prints the matrix and what is to be said of it; the exit code."""
    view = matrix.replay
    if view.state == "failed":
        raise LlmgateError(view.problem)
    judgement = rule.judge(matrix) if rule else None
    with may_leave():  # what the rule says is told all the same
        _print(matrix, args, judgement)
    said = _judged(judgement)
    if view.state in {"stopped", "limit"}:
        said.append(replay_follow.unfinished(view))
    futile = view.done > 0 and view.failed == view.done
    if futile:
        said.append("nothing ended well")
    for line in said:
        print(f"llmgate: {replay_table.plain(line)}", file=sys.stderr)
    if futile or (judgement and judgement.broken):
        return _BROKEN
    return _UNFINISHED if view.state in {"stopped", "limit"} else 0


def _print(matrix: Matrix, args: argparse.Namespace, judgement: Judgement | None) -> None:
    if args.json:
        parts = {name: getattr(matrix, name) for name in Matrix.__struct_fields__}
        report = Report(**parts, fail_if=(args.fail_if or "").strip(), judgement=judgement)
        print(msgspec.json.encode(report).decode())
    elif args.markdown:
        print(markdown(matrix, judgement))
    else:
        replay_table.print_matrix(matrix)


def _judged(judgement: Judgement | None) -> list[str]:
    """What breaks the rule, and what it could not judge."""
    if judgement is None:
        return []
    return [*judgement.broken, *(f"not judged: {line}" for line in judgement.unjudged)]
