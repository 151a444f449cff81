"""What the commands share: options, the bundled jobs, how a failure is told."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.flink_line import tag_suffix

VERSION = importlib.metadata.version("program-user-info-operator")

JOB_IMAGES = [
    f"{line}=program-user-info-job:{VERSION}{tag_suffix(line)}" for line in ("v1_20", "v2_2")
]

JobImages = Annotated[
    list[str],
    typer.Option(
        "--job-image",
        envvar="JOB_IMAGES",
        metavar="LINE=IMAGE",
        help="Image of the bundled job for a line of Flink. Repeat it for each line. In the"
        " environment variable, separate them with spaces.",
    ),
]
ServiceAccount = Annotated[
    str, typer.Option(envvar="JOB_SERVICE_ACCOUNT", help="Service account of the jobs' pods.")
]


JobFile = Annotated[
    Path,
    typer.Option(
        "-f", "--file", help="YAML file with the job; - reads standard input.", show_default=False
    ),
]
Environments = Annotated[
    Path | None,
    typer.Option(
        "--profiles",
        "--environments",
        help="YAML file with the profiles by environment, or the chart's values.",
    ),
]
ProfilesNamespace = Annotated[
    str, typer.Option(envvar="POD_NAMESPACE", help="Namespace of the profiles' ConfigMap.")
]
ProfilesName = Annotated[
    str, typer.Option(envvar="PROFILES_NAME", help="Name of the profiles' ConfigMap.")
]


def bundle_of(job_images: list[str], service_account: str) -> BundledJobs:
    """The bundled jobs as the options name them; exits with a message if one is wrong."""
    images = dict(each.partition("=")[::2] for each in job_images)
    for line, image in images.items():
        if re.fullmatch(r"v\d+_\d+", line) is None or not image:
            fail(f"--job-image {line}={image}: must be LINE=IMAGE, such as v2_2=registry/job:1.0.0")
    return BundledJobs(images, service_account)


def fail(message: str, status: int = 1) -> NoReturn:
    """Say what is wrong and exit."""
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(status)
