"""The product's Helm release, with the development environments."""

from __future__ import annotations

from dev.cluster.target import helm, kubectl
from dev.paths import DEV, REPOSITORY
from dev.release.images.catalogue import Image, job_images
from dev.steps import step

CHART = REPOSITORY / "charts" / "program-user-info-operator"
NAMESPACE = "program-user-info"
RELEASE = "program-user-info"


def install_chart(products: dict[str, Image]) -> None:
    """Install or upgrade the chart; waits until the controller is ready."""
    with step("install the chart"):
        operator = products["operator"]
        values = {
            "image.repository": f"localhost/{operator.name}",
            "image.tag": operator.tag,
        }
        for line, job in job_images().items():
            name = f"job.images.v{line.replace('.', '_')}"
            values |= {f"{name}.repository": f"localhost/{job.name}", f"{name}.tag": job.tag}
        arguments = [f"--set-string={key}={value}" for key, value in values.items()]
        helm(
            *("upgrade", "--install", RELEASE, str(CHART), "--namespace", NAMESPACE),
            *("--create-namespace", "--wait", "--timeout", "3m"),
            *("--values", str(DEV / "cluster" / "values.yaml"), *arguments),
        )
        kubectl("rollout", "status", f"deployment/{RELEASE}-operator", "-n", NAMESPACE)
