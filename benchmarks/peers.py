"""How long `hxroute check` and its peers take to validate 1,000 endpoints.

Each peer gets its own form of the same endpoints, as far as it has one, and checks it as
its users do: `nginx -t`, `caddy validate`, `envoy --mode validate`. Peers that are not
installed are left out. Medians of several rounds, in which the commands take turns.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from routes import routes

UPSTREAM = "127.0.0.1:4000"


def nginx(count: int, folder: Path) -> list[str]:
    """Write an nginx.conf; return the command that checks it."""
    blocks = "".join(
        f"location /v1/things{n} {{ proxy_pass http://{UPSTREAM}; "
        'proxy_set_header Authorization ""; proxy_set_header Cookie ""; }\n'
        for n in range(count)
    )
    text = (
        f"pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; server {{ listen 127.0.0.1:4010;\n{blocks}}} }}\n"
    )
    (folder / "nginx.conf").write_text(text)
    return ["nginx", "-t", "-q", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(count: int, folder: Path) -> list[str]:
    """Write a Caddyfile; return the command that checks it."""
    blocks = "".join(
        f"handle /v1/things{n}/* {{\n reverse_proxy {UPSTREAM} {{\n"
        "  header_up -Authorization\n  header_up -Cookie\n }\n}\n"
        for n in range(count)
    )
    text = f"{{\n admin off\n}}\nhttp://127.0.0.1:4010 {{\n{blocks}}}\n"
    (folder / "Caddyfile").write_text(text)
    return ["caddy", "validate", "--config", str(folder / "Caddyfile")]


def envoy(count: int, folder: Path) -> list[str]:
    """Write a bootstrap; return the command that checks it."""
    listed = [
        {
            "match": {"path_separated_prefix": f"/v1/things{n}"},
            "route": {"cluster": "api"},
            "request_headers_to_remove": ["authorization", "cookie"],
        }
        for n in range(count)
    ]
    types = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{types}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": listed}]
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{types}.http.router.v3.Router"},
            }
        ],
    }
    filters = [
        {
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": manager,
        }
    ]
    place = {"socket_address": {"address": "127.0.0.1", "port_value": 4010}}
    cluster = {"name": "api", "type": "STATIC", "connect_timeout": "5s"}
    listener = {"name": "in", "address": place, "filter_chains": [{"filters": filters}]}
    bootstrap = {"static_resources": {"listeners": [listener], "clusters": [cluster]}}
    (folder / "envoy.json").write_text(json.dumps(bootstrap))
    return [
        "envoy",
        "--mode",
        "validate",
        "-l",
        "off",
        "-c",
        str(folder / "envoy.json"),
    ]


def hxroute(count: int, folder: Path) -> list[str]:
    """Write a routes file; return the command that checks it."""
    (folder / "routes.yaml").write_text(routes(count))
    return [sys.executable, "-m", "hxroute", "check", str(folder / "routes.yaml")]


def main() -> None:
    """Print the median of each in seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--endpoints", type=int, default=1000)
    options = parser.parse_args()
    taken: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        made = {
            peer.__name__: peer(options.endpoints, Path(name))
            for peer in (hxroute, nginx, caddy, envoy)
        }
        commands = {peer: args for peer, args in made.items() if shutil.which(args[0])}
        for _ in range(options.rounds):
            for peer, command in commands.items():
                taken[peer].append(timed(command))
    for peer, times in taken.items():
        print(f"{peer:8} {statistics.median(times):.2f} s")


def timed(command: list[str]) -> float:
    """Run a command, which must not fail, and return how many seconds it took."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    took = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit((done.stdout + done.stderr).decode())
    return took


if __name__ == "__main__":
    main()
