"""`llmgate tui`: the terminal UI on a gateway that already runs."""

import argparse
import socket
from typing import Final
from urllib.parse import urlsplit

from llmgate.errors import StartupProblem
from llmgate.server.run_file import running
from llmgate.store.folder import data_folder

_USUAL: Final = "http://127.0.0.1:8484"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `llmgate tui`."""
    parser.add_argument(
        "--url", help=f"the gateway's address; default: the running one's, or {_USUAL}"
    )
    parser.add_argument("--data-dir", metavar="FOLDER", help="where the gateway keeps its token")
    parser.add_argument(
        "--web", action="store_true", help="in a browser on this machine (needs the extra `web`)"
    )
    parser.add_argument("--web-port", type=int, default=8485, metavar="PORT", help="8485")


def run(args: argparse.Namespace) -> int:
    """Opens the terminal; 2 when there is no such address, or no token to open it with."""
    folder = data_folder(args.data_dir, create=False)
    served = running(folder) if args.url is None else None
    url = served.url if served else _address(args.url or _USUAL)
    path = folder / "admin-token"
    try:
        token = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StartupProblem(
            f"no token in {path}: start a gateway with `llmgate up`,"
            " or name its folder with --data-dir"
        ) from error
    if args.web:
        return _serve(url, args)
    from llmgate_tui.main import run as run_tui  # noqa: PLC0415 - loads the TUI only now

    return run_tui(url, token, memory_file=path.with_name("view.json"))


def _serve(url: str, args: argparse.Namespace) -> int:
    try:
        from llmgate.commands.web import serve  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise StartupProblem(
            "--web needs textual-serve: pip install -e '.[web]' in llmgate's folder"
        ) from error
    if not 0 < args.web_port < 65536:
        raise StartupProblem(f"--web-port {args.web_port} is no port: 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", args.web_port))
        except OSError as error:
            raise StartupProblem(
                f"port {args.web_port} is taken ({error.strerror}): give another with --web-port"
            ) from error
    folder = ["--data-dir", str(args.data_dir)] if args.data_dir else []
    return serve(["--url", url, *folder], args.web_port)


def _address(given: str) -> str:
    """The gateway's address as a person may write it: with http:// or without."""
    url = given.strip()
    url = (url if "://" in url else f"http://{url}").rstrip("/")
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname)
        alone = not (parts.path or parts.query or parts.fragment or parts.username)
        if known and alone and (parts.port or 1) > 0:
            return url
    except ValueError:  # a port that is no number, or too large a one
        pass
    raise StartupProblem(
        f"--url '{given}' is not the address of a gateway: write http://HOST:PORT and nothing after"
    )
