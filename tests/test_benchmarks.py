"""The benchmark of gateways: its arithmetic, its report, and its servers in small."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.gateways import load, report, svg
from benchmarks.gateways.bench import Bench
from benchmarks.gateways.client import Once, answers, request
from benchmarks.gateways.latency import quantile
from benchmarks.gateways.measures import Size
from benchmarks.gateways.peers import PEERS, Place
from benchmarks.gateways.results import UPSTREAM, Results
from benchmarks.gateways.servers import Command, StartError, serving
from benchmarks.gateways.streams import Stream, held
from benchmarks.gateways.upstream import Upstream
from tests.processes import ROOT, free_port

FLOOR = next(peer for peer in PEERS if peer.name == "floor")


def results(*rounds: dict[str, tuple[float, float]]) -> Results:
    found = Results({"rounds": len(rounds)}, versions={"hxroute": "1.0"})
    for each in rounds:
        row = {p: {"throughput": rate, "cpu": cpu} for p, (rate, cpu) in each.items()}
        found.rounds.append(row)
    return found


THREE = results(
    {"hxroute": (50.0, 20.0), "floor": (100.0, 10.0)},
    {"hxroute": (10.0, 80.0), "floor": (100.0, 10.0)},
    {"hxroute": (90.0, 11.0), "floor": (150.0, 10.0)},
)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.gateways", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_ratio_is_taken_round_by_round() -> None:
    assert THREE.ratio("throughput", "hxroute", "floor") == 0.5
    assert THREE.ratio("cpu", "hxroute", "floor") == 2.0


def test_ratio_leaves_out_rounds_that_lack_a_side() -> None:
    halves = results({"hxroute": (50.0, 1.0)}, {"hxroute": (9.0, 1.0), "floor": (3, 1)})
    assert halves.ratio("throughput", "hxroute", "floor") == 3.0
    assert halves.ratio("throughput", "hxroute", "nginx") is None


def test_spread_is_a_share_of_the_median() -> None:
    assert THREE.spread("hxroute", "throughput") == (90 - 10) / 50
    assert results({"hxroute": (1.0, 1.0)}).spread("hxroute", "cpu") is None


def test_results_survive_being_written() -> None:
    again = Results.read(THREE.written())
    assert again == THREE
    assert '"throughput": 50.0' in THREE.written().partition('"rounds"')[0]


def test_report_has_ratios_and_noise() -> None:
    text = report.text(THREE)
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines()]
    assert ["hxroute 1.0", "50", "20"] in rows
    assert ["hxroute", "0.50", "0.50", "1.00", "1.00"] in rows
    assert ["floor", "1.00", "1.00", "0.50", "0.50"] in rows
    assert ["throughput req/s", "105%", "160%, hxroute"] in rows


def test_report_names_what_is_missing() -> None:
    found = results({"hxroute": (1.0, 1.0)})
    found.left_out["caddy"] = "pip ended with status 1"
    found.failed["old"] = {"latency": "0 of 600 answered"}
    text = report.text(found)
    assert "- caddy is left out: pip ended with status 1\n" in text
    assert text.endswith("- old, latency: 0 of 600 answered\n")


def test_report_tells_how_workers_scale() -> None:
    found = results({"hxroute": (1.0, 1.0)})
    one, two = {"throughput": 100.0, "cpu": 9.0}, {"throughput": 190.0, "cpu": 10.0}
    found.workers.append({"1": one, "2": two})
    assert "answer 1.90 times as much as one" in report.text(found)


def test_picture_has_a_longer_bar_for_more() -> None:
    picture = ET.fromstring(svg.draw(THREE))
    bars = picture.findall("{*}rect")
    names = [text.text for text in picture.findall("{*}text[@text-anchor='end']")]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert names == ["floor", "hxroute", "floor", "hxroute"]
    assert widths[0] > widths[1] > 0  # throughput
    assert 0 < widths[2] < widths[3]  # CPU time
    assert [bar.attrib["class"] for bar in bars] == ["bar", "own", "bar", "own"]


def test_picture_leaves_out_the_upstream() -> None:
    found = results({UPSTREAM: (1.0, 1.0), "hxroute": (0.0, 0.0)})
    assert UPSTREAM not in svg.draw(found)


@pytest.mark.parametrize("file", sorted((ROOT / "docs").glob("benchmarks.json")))
def test_published_picture_is_that_of_its_figures(file: Path) -> None:
    drawn = svg.draw(Results.read(file.read_text()))
    assert file.with_suffix(".svg").read_text() == drawn


def test_quantile_stays_in_the_list() -> None:
    ordered = [float(n) for n in range(100)]
    assert quantile(ordered, 0.5) == 50
    assert quantile(ordered, 1.0) == 99
    assert quantile([7.0], 0.99) == 7


def test_help_and_list_tell_of_everything() -> None:
    assert "--measures" in command("--help").stdout
    listed = command("--list").stdout.split()
    assert {peer.name for peer in PEERS} <= set(listed)
    assert {"throughput", "streams", "workers"} <= set(listed)


def test_unknown_gateway_is_refused() -> None:
    done = command("--only", "squid")
    assert done.returncode == 2
    assert "squid" in done.stderr


def test_figures_are_drawn_again(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(THREE.written())
    draw = command("--draw", str(tmp_path / "old.json"), "--output", str(tmp_path))
    assert draw.stdout == report.text(THREE)
    assert (tmp_path / "benchmarks.json").read_text() == THREE.written()
    assert (tmp_path / "benchmarks.svg").read_text() == svg.draw(THREE)


def test_script_of_wrk_sends_what_our_client_sends() -> None:
    script = load.script({"X-Extra": 'a"b'})
    assert 'wrk.headers["X-Extra"] = "a\\"b"' in script
    assert "Bearer sk-hx-dev-default" in script


def test_event_in_two_pieces_is_noted_once() -> None:
    stream = Stream(b"")
    stream.last = (10.0, 0.0)
    stream.opened = asyncio.Future(loop=asyncio.new_event_loop())
    stream.data_received(b'data: {"content":"<10.')
    assert not stream.gaps
    stream.data_received(b'500000>"}\n\ndata: {"content":"<11.500000>"}\n\n')
    assert len(stream.gaps) == 2
    assert stream.gaps[1] == -1.0  # both came at once, and should have been 1 s apart
    stream.opened.get_loop().close()


def test_upstream_answers_and_streams() -> None:
    async def run() -> bytes:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Upstream, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with held(port, {}, "hx-idle", 3) as streams:
            assert all(stream.last for stream in streams)
        _, client = await loop.create_connection(Once, "127.0.0.1", port)
        await client.send(request(port, "hx-first", {}))
        assert 0 < client.first < client.ended
        answer = await client.send(request(port, "hx-chat", {}))
        client.transport.close()
        server.close()
        return answer

    answer = asyncio.run(run())
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"chat.completion" in answer


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_server_is_measured_and_stopped(tmp_path: Path) -> None:
    cores = os.sched_getaffinity(0)
    module = [sys.executable, "-m", "benchmarks.gateways.upstream"]
    behind, port = free_port(), free_port()
    (tmp_path / "up").mkdir()
    upstream = Command([*module, str(behind)], {"PYTHONPATH": str(ROOT)})
    floor = FLOOR.start(Place(tmp_path, port, f"127.0.0.1:{behind}"))
    with (
        serving(upstream, tmp_path / "up", behind, cores, answers),
        serving(floor, tmp_path, port, cores, answers) as server,
    ):
        assert server.pids() == [server.session]
        assert server.cpu() > 0
        resident, proportional = server.memory()
        assert resident >= proportional > 0
    assert server.pids() == []
    assert os.sched_getaffinity(0) == cores


@pytest.mark.skipif(sys.platform != "linux", reason="it chooses cores")
def test_server_that_ends_tells_why(tmp_path: Path) -> None:
    ends = Command([sys.executable, "-c", "raise SystemExit('no such licence')"])
    with (
        pytest.raises(StartError, match="no such licence"),
        serving(ends, tmp_path, free_port(), os.sched_getaffinity(0), answers),
    ):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="it chooses cores")
def test_one_core_is_not_enough() -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        with pytest.raises(StartError, match="two cores"):
            Bench(Results({}), Size(1, 1), ["start"])
    finally:
        os.sched_setaffinity(0, cores)
