"""The deployed controller against the real API server; the jobs are suspended, so no pod starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster.chart_release import NAMESPACE
from dev.cluster.target import kubeconfig, kubectl
from tests.cluster import (
    CONTROLLER,
    Namespace,
    condition,
    controller_stopped,
    eventually,
    job,
    profiles,
    settled,
    stalled,
)

pytestmark = pytest.mark.cluster
CHILDREN = "lern.sunbird.org/job=job"


def versions(namespace: Namespace) -> dict[str, str]:
    """Resource versions of all that the controller writes."""
    out = namespace.run("get", "puij,flinkdeployments,configmaps,events", "-o", "json")
    return {
        f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
        for each in json.loads(out)["items"]
    }


def deployed(namespace: Namespace, name: str = "job") -> dict[str, Any]:
    found: dict[str, Any] = eventually(
        lambda: namespace.flink_deployment(name), f"{name} has a FlinkDeployment"
    )
    return found


def config_of(namespace: Namespace, name: str = "job") -> dict[str, Any]:
    """The configuration that the FlinkDeployment mounts."""
    volumes = deployed(namespace, name)["spec"]["podTemplate"]["spec"]["volumes"]
    config_map = namespace.get("configmap", volumes[0]["configMap"]["name"])
    assert config_map is not None
    assert config_map["immutable"] is True
    document: dict[str, Any] = yaml.safe_load(config_map["data"]["config.yaml"])
    return document


def test_a_job_becomes_a_deployment_and_a_status(namespace: Namespace) -> None:
    namespace.apply(job())
    found = settled(namespace, "job")
    status = found["status"]
    assert condition(found, "Ready")["reason"] == "Suspended"
    assert status["observedGeneration"] == found["metadata"]["generation"]
    assert status["topic"] == "dev.programuser.info"
    assert status["groupId"] == "dev-programuser-group"
    assert (status["keyspace"], status["table"]) == ("sunbird_programs", "program_enrollment")
    assert config_of(namespace)["kafka"]["topic"] == "dev.programuser.info"
    (owner,) = deployed(namespace)["metadata"]["ownerReferences"]
    assert owner["uid"] == found["metadata"]["uid"]


def cli(live: dict[str, Any], file: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """The operator's command on this job, with the images that the controller has."""
    file.write_text(yaml.safe_dump(live))
    path = "jsonpath={.spec.template.spec.containers[0].env[?(@.name=='JOB_IMAGES')].value}"
    images = kubectl("get", CONTROLLER, "-n", NAMESPACE, "-o", path)
    return subprocess.run(
        [sys.executable, "-m", "program_user_info_operator", *command, "-f", str(file)],
        env={**os.environ, "KUBECONFIG": str(kubeconfig()), "JOB_IMAGES": images},
        capture_output=True,
        text=True,
        check=False,
    )


def test_render_and_diff_are_what_the_controller_applies(
    namespace: Namespace, tmp_path: Path
) -> None:
    with profiles(local={"parallelism": 2}):
        namespace.apply(job(environment="local"))
        live = settled(namespace, "job")
        file, environments = tmp_path / "job.yaml", tmp_path / "environments.yaml"
        environments.write_text("local: {parallelism: 2}")
        crd = tmp_path / "crd.yaml"
        crd.write_text(kubectl("get", "crd", "flinkdeployments.flink.apache.org", "-o", "yaml"))
        options = ("--environments", str(environments), "--flink-operator", str(crd))
        rendered = cli(live, file, "render", *options)
        assert rendered.returncode == 0, rendered.stderr
        # kubectl asks the API server what applying the output would change, fails if anything.
        manager = "--field-manager=program-user-info-operator"
        kubectl(
            *("diff", "--server-side", "--force-conflicts", manager, "-f", "-"),
            stdin=rendered.stdout,
        )
        unchanged = cli(live, file, "diff")
        assert (unchanged.returncode, unchanged.stdout) == (0, ""), unchanged.stderr

        live["spec"]["restartNonce"] = 5
        changed = cli(live, file, "diff")
        assert changed.returncode == 1
        assert "-  restartNonce: 0\n+  restartNonce: 5\n" in changed.stdout
        live["spec"]["parallelism"] = 0
        wrong = cli(live, file, "diff")
        assert wrong.returncode == 2
        assert "parallelism: " in wrong.stderr


def test_nothing_is_written_where_nothing_changed(namespace: Namespace) -> None:
    namespace.apply(job())
    settled(namespace, "job")
    kubectl("rollout", "restart", CONTROLLER, "-n", NAMESPACE)
    before = versions(namespace)
    kubectl("rollout", "status", CONTROLLER, "-n", NAMESPACE, "--timeout=120s")
    # The new controller has been through all jobs once it has reconciled one that came later.
    namespace.apply(job("later"))
    settled(namespace, "later")
    after = versions(namespace)
    assert {name: after[name] for name in before} == before


def test_a_profile_reaches_the_jobs_of_its_environment_and_no_other(namespace: Namespace) -> None:
    """They are suspended: what they are to run is known, and waits until they are resumed."""
    with profiles(qa={"kafka": {"topic": "one"}}, perf={"parallelism": 2}) as change:
        namespace.apply(job("qa", "qa"))
        namespace.apply(job("perf", "perf"))
        settled(namespace, "qa")
        before = settled(namespace, "perf")
        assert config_of(namespace, "qa")["kafka"]["topic"] == "one"
        change(qa={"kafka": {"topic": "two"}})

        def waits() -> bool:
            found = namespace.get("puij", "qa") or {}
            said = condition(found, "Ready").get("message", "")
            return found["status"]["topic"] == "two" and "until the job is resumed" in said

        eventually(waits, "qa has heard of the new topic")
        assert config_of(namespace, "qa")["kafka"]["topic"] == "one"
        after = namespace.get("puij", "perf")
        assert after is not None
        assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


@pytest.mark.parametrize("kind", ["flinkdeployment", "configmap"])
def test_a_deleted_child_comes_back(namespace: Namespace, kind: str) -> None:
    namespace.apply(job())
    settled(namespace, "job")
    name = namespace.names(kind, CHILDREN)[-1]
    old = namespace.get(kind, name)
    assert old is not None
    namespace.run("delete", kind, name)
    eventually(
        lambda: (
            (found := namespace.get(kind, name))
            and found["metadata"]["uid"] != old["metadata"]["uid"]
        ),
        f"the {kind} is there again",
    )


def test_an_edited_child_is_put_right_and_foreign_fields_survive(namespace: Namespace) -> None:
    namespace.apply(job())
    settled(namespace, "job")
    foreign = {"metadata": {"annotations": {"example.org/foreign": "x"}}}
    edit = foreign | {"spec": {"job": {"parallelism": 7}}}
    name = deployed(namespace)["metadata"]["name"]
    namespace.run("patch", "flinkdeployment", name, "--type=merge", "-p", json.dumps(edit))
    eventually(
        lambda: deployed(namespace)["spec"]["job"]["parallelism"] == 1, "parallelism is 1 again"
    )
    assert deployed(namespace)["metadata"]["annotations"]["example.org/foreign"] == "x"


def test_a_deleted_job_takes_its_children_along(namespace: Namespace) -> None:
    namespace.apply(job())
    settled(namespace, "job")
    namespace.run("delete", "puij", "job")
    eventually(
        lambda: not namespace.names("flinkdeployment,configmap", CHILDREN), "the children are gone"
    )


def test_a_job_deleted_while_the_controller_is_stopped_takes_its_children_along(
    namespace: Namespace,
) -> None:
    namespace.apply(job())
    settled(namespace, "job")
    with controller_stopped():
        namespace.run("delete", "puij", "job", "--timeout=30s")
        eventually(
            lambda: not namespace.names("flinkdeployment,configmap", CHILDREN),
            "the children are gone",
        )


def test_a_deployment_of_somebody_else_is_left_alone(namespace: Namespace) -> None:
    namespace.apply(job("mine"))
    settled(namespace, "mine")
    foreign = deployed(namespace, "mine")
    metadata = {"name": "job", "namespace": namespace.name}
    theirs = {key: foreign[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": metadata}
    namespace.apply(theirs)
    namespace.apply(job(upgrade={"strategy": "replace"}))
    found = stalled(namespace, "job")
    assert found["reason"] == "NameTaken"
    live = namespace.get("flinkdeployment", "job")
    assert live is not None
    assert "ownerReferences" not in live["metadata"]
