"""`kubectl puij`: verbs for one job."""

from __future__ import annotations

import subprocess
import webbrowser
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, NoReturn

import typer

from program_user_info_operator.cli import job_change
from program_user_info_operator.cli.command_job import Command, CommandRefused
from program_user_info_operator.cli.command_run import (
    FAILED_TO_RUN,
    CommandFailed,
    run_command,
)
from program_user_info_operator.cli.kubectl import KubectlError, patch_job, read_job, stream
from program_user_info_operator.cli.main import show_version, status

app = typer.Typer(
    name="kubectl puij",
    help="Inspect and change ProgramUserInfoJobs.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(status)
app.callback(help="Inspect and change ProgramUserInfoJobs.")(show_version)

Job = Annotated[str, typer.Argument(metavar="JOB", help="Name of the job.", show_default=False)]
Namespace = Annotated[
    str, typer.Option("-n", "--namespace", help="Namespace of the job; default: the context's.")
]


@app.command()
def explain(job: Job, namespace: Namespace = "") -> None:
    """Show a job's condition, topic, group and table, and which fields the job or profile sets."""
    from rich.console import Console

    from program_user_info_operator.cli.job_inspection import explanation

    Console().print(explanation(_read(job, namespace)))


@app.command()
def history(job: Job, namespace: Namespace = "") -> None:
    """Show a job's revisions: when, why, with which image, and with what outcome."""
    from rich.console import Console

    from program_user_info_operator.cli.job_inspection import history as as_table

    Console().print(as_table(_read(job, namespace)))


@app.command()
def restart(job: Job, namespace: Namespace = "") -> None:
    """Restart a job. It continues from Kafka's committed offsets."""
    _change(job, namespace, job_change.restarted, "restarts")


@app.command()
def suspend(job: Job, namespace: Namespace = "") -> None:
    """Stop a job's pods. Its events wait in Kafka."""
    _change(job, namespace, job_change.suspended, "is being suspended")


@app.command()
def resume(job: Job, namespace: Namespace = "") -> None:
    """Start a suspended job where it stopped."""
    _change(job, namespace, job_change.resumed, "is being resumed")


@app.command()
def undo(
    job: Job,
    namespace: Namespace = "",
    to: Annotated[
        int | None,
        typer.Option("--to", help="Number of a good revision; default: the previous one.", min=1),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="Follow the job's spec again.")] = False,
) -> None:
    """Go back to an earlier good revision, and stay there until `--end`."""
    if end:
        _change(job, namespace, job_change.no_longer_undone, "follows its spec again")
        return
    _change(job, namespace, partial(job_change.undone, number=to), "goes back")


@app.command()
def pause(
    job: Job,
    namespace: Namespace = "",
    end: Annotated[bool, typer.Option("--end", help="Let the controller continue.")] = False,
) -> None:
    """Stop the controller from changing a job. Its pods keep running."""
    change, told = (
        (job_change.no_longer_paused, "is no longer paused")
        if end
        else (job_change.paused, "is paused")
    )
    _change(job, namespace, change, told)


@app.command()
def savepoint(job: Job, namespace: Namespace = "") -> None:
    """Take a savepoint now. Its path appears in status.lastSavepoint."""
    _change(job, namespace, job_change.with_savepoint, "takes a savepoint")


@app.command()
def logs(
    job: Job,
    namespace: Namespace = "",
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Show new lines until interrupted.")
    ] = False,
    tail: Annotated[int, typer.Option(help="Lines of each pod; -1 for all.", min=-1)] = 100,
    only_ours: Annotated[
        bool, typer.Option("--write-stage", help="Only the job's own lines, without Flink's.")
    ] = False,
) -> None:
    """Show the logs of a job's pods: JobManager and TaskManagers."""
    metadata = _read(job, namespace)["metadata"]
    # Not what `kubectl puij job` runs.
    components = "component in (jobmanager,taskmanager)"
    selector = f"--selector=lern.sunbird.org/job={metadata['name']},{components}"
    arguments = ["logs", selector, f"--namespace={metadata['namespace']}", f"--tail={tail}"]
    arguments += ["--prefix", "--all-containers", "--max-log-requests=64"]
    with stream(*arguments, *(["--follow"] if follow else [])) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if not only_ours or "program_user_info_job" in line:
                    typer.echo(line, nl=False)
        except KeyboardInterrupt:
            process.terminate()
    raise typer.Exit(process.returncode)


@app.command("job")
def run_in_cluster(
    job: Job,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND...",
            help="A command of program-user-info-job, after `--` and without --config.",
            show_default=False,
        ),
    ],
    namespace: Namespace = "",
    stdin: Annotated[
        bool, typer.Option("-i", "--stdin", help="Pass standard input, such as to `produce`.")
    ] = False,
    memory: Annotated[str, typer.Option(help="Memory limit of the pod.")] = "1Gi",
    claim: Annotated[
        str | None,
        typer.Option(
            help="PersistentVolumeClaim to mount at /state, for `--state /state/FILE`.",
            show_default=False,
        ),
    ] = None,
    start_within: Annotated[
        float, typer.Option(help="Seconds to wait for the pod to start.", min=1)
    ] = 300,
) -> None:
    """Run a command of the job in a separate pod, inside the cluster.

    The pod has the image, the configuration and the Secrets of the revision that runs. You see its
    output while it runs, standard output and standard error as one stream. The exit status is that
    of the command, or 2 if the command did not run. The pod is deleted afterwards, also if you
    interrupt.
    """
    found = _read(job, namespace, FAILED_TO_RUN)
    command = Command(words, memory, claim, stdin)
    try:
        status = run_command(found, command, partial(typer.echo, nl=False), _say, start_within)
    except (CommandFailed, CommandRefused, KubectlError) as error:
        _fail(str(error), FAILED_TO_RUN)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(status)


@app.command("dead-letters")
def dead_letters(
    job: Job,
    namespace: Namespace = "",
    peek: Annotated[
        int | None, typer.Option(min=1, help="Show place, reason and detail of the first N.")
    ] = None,
) -> None:
    """Count a job's dead letters by reason, topic and day."""
    options = [] if peek is None else [f"--peek={peek}"]
    run_in_cluster(job, ["dead-letters", *options], namespace)


@app.command("open")
def open_page(
    job: Job,
    namespace: Namespace = "",
    port: Annotated[int, typer.Option(help="Local port of the proxy.", min=1, max=65535)] = 8001,
) -> None:
    """Open Flink's page of a job through the API server's proxy, until interrupted."""
    found = _read(job, namespace)
    deployment = (found.get("status") or {}).get("deployment")
    if deployment is None:
        _fail(f"{job} has no FlinkDeployment yet; see `kubectl puij explain {job}`")
    service = f"services/{deployment}-rest:8081/proxy/"
    path = f"api/v1/namespaces/{found['metadata']['namespace']}/{service}"
    address = f"http://127.0.0.1:{port}/{path}"
    with stream("proxy", f"--port={port}") as proxy:
        assert proxy.stdout is not None
        proxy.stdout.readline()  # kubectl prints a line once the proxy serves
        typer.echo(address)
        webbrowser.open(address)
        try:
            proxy.wait()
        except KeyboardInterrupt:
            proxy.terminate()


def _change(
    job: str, namespace: str, change: Callable[[dict[str, Any]], dict[str, Any]], told: str
) -> None:
    found = _read(job, namespace)
    try:
        patch_job(found, change(found))
    except (KubectlError, job_change.NothingToUndo) as error:
        _fail(str(error))
    name, where = found["metadata"]["name"], found["metadata"]["namespace"]
    typer.echo(f"{name} {told}; see `kubectl puij status --namespace {where}`")


def _read(job: str, namespace: str, status: int = 1) -> dict[str, Any]:
    try:
        return read_job(job, namespace)
    except KubectlError as error:
        _fail(str(error), status)


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _fail(message: str, status: int = 1) -> NoReturn:
    _say(f"error: {message}")
    raise typer.Exit(status)


def main() -> None:
    """The console script."""
    try:
        app()
    except subprocess.SubprocessError as error:
        _fail(str(error))
