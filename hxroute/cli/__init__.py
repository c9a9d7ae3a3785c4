"""The commands. Each imports what it needs when it is called; nothing imports this."""

from __future__ import annotations

import gc
from typing import Any

import click

from hxroute.cli.benching import bench
from hxroute.cli.codes import explain_code
from hxroute.cli.common import fail
from hxroute.cli.compiling import check, compile_
from hxroute.cli.explaining import explain, routes
from hxroute.cli.importing import import_
from hxroute.cli.keys import keys
from hxroute.cli.planning import plan
from hxroute.cli.proving import prove
from hxroute.cli.recording import record
from hxroute.cli.serving import demo, run
from hxroute.cli.starting import completion, init, schema
from hxroute.errors import StartError

__all__ = ["main"]


_SERVING = (run.name, demo.name)


class _Group(click.Group):
    """Commands that may be refused something, also a place for what they print."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command, and say why it cannot go on."""
        try:
            return super().main(*args, **extra)
        except StartError as exc:
            fail(str(exc))
        except OSError as exc:
            fail(exc.strerror or "the operating system refused")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hxroute")
@click.pass_context
def main(context: click.Context) -> None:
    """Compile a routes.yaml to a gateway, and serve it."""
    if context.invoked_subcommand not in _SERVING:
        # A command that ends soon makes much and no cycles: to look for them takes half
        # of its time.
        gc.disable()


for _command in (
    init,
    check,
    compile_,
    run,
    explain,
    routes,
    plan,
    keys,
    import_,
    record,
    prove,
    explain_code,
    schema,
    completion,
    demo,
    bench,
):
    main.add_command(_command)
