"""A namespace with jobs, and a controller that reaches the API server through a proxy."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.forward import free_port
from program_user_info_operator.policy.deployments import overlapping_name
from tests.cluster import eventually
from tests.faults.control_plane import CONTROLLER_TOKEN, ControlPlane
from tests.faults.proxy import FaultProxy
from tests.faults.zygote import Zygote, end, is_alive
from tests.objects import without

Object = dict[str, Any]
_JOBS = "/apis/lern.sunbird.org/v1alpha1"
_FLINK = "/apis/flink.apache.org/v1beta1"
BASE: Object = {
    "environment": "dev",
    "kafka": {"bootstrapServers": ["kafka:9092"]},
    "cassandra": {"contactPoints": ["cassandra:9042"]},
    "upgrade": {"strategy": "replace"},
}
"""The spec of a job, unless the test says otherwise: one FlinkDeployment, named as the job."""


class Arena:
    """`with` it: everything that was started is ended."""

    def __init__(
        self, plane: ControlPlane, zygote: Zygote, folder: Path, *, is_direct: bool = False
    ) -> None:
        """`is_direct`: the controller reaches the API server as a user's does, with no proxy."""
        self.plane, self.api, self._zygote, self._folder = plane, plane.api, zygote, folder
        self.namespace = f"arena-{uuid.uuid4().hex[:8]}"
        self.proxy = FaultProxy(plane.port, CONTROLLER_TOKEN, plane.flink)
        self._is_direct = is_direct
        self.pid: int | None = None
        self._health = self._metrics = 0

    def __enter__(self) -> Arena:
        self.api.send("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        self.proxy.start()
        server = f"http://127.0.0.1:{self.proxy.port}"
        if self._is_direct:
            server = f"https://127.0.0.1:{self.plane.port}"
        self.plane.write_kubeconfig(self._folder / "kubeconfig", server, CONTROLLER_TOKEN)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.proxy.stop()
        self.api.delete(f"/api/v1/namespaces/{self.namespace}")

    # -- the controller --------------------------------------------------------------------------

    def start_controller(self, version: str = "1.0", **options: Any) -> int:
        """A controller of this namespace alone; its pid. An option that is None has its default."""
        self._health, self._metrics = free_port(), free_port()
        settings: Object = {
            "profiles_namespace": self.namespace,
            "profiles_name": "environments",
            "namespaces": self.namespace,
            "resync_seconds": 3,
            "watch_silence_seconds": 8,
            "secret_check_seconds": 1,
            "soak_seconds": 1,
            # As the chart calls it, whose role the controllers have.
            "lease": "release-operator",
            # Nobody starts a controller again that has lost it, because the machine was busy.
            "lease_seconds": 60,
            "liveness": f"http://127.0.0.1:{self._health}/healthz",
            "metrics_port": self._metrics,
        }
        words = [
            word
            for name, value in (settings | options).items()
            if value is not None
            for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        words += [f"--job-image={line}=image:{version}" for line in ("v1_20", "v2_2")]
        kubeconfig, log = self._folder / "kubeconfig", self._folder / "controller.log"
        self.pid = self._zygote.spawn(["run", *words], kubeconfig, log)
        return self.pid

    def kill(self) -> None:
        """End the controller without letting it finish anything."""
        if self.pid is not None:
            end(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask the controller to end, and wait for it."""
        if self.pid is not None:
            end(self.pid, signal.SIGTERM)

    def die(self) -> None:
        """SIGKILL, without waiting: for use inside of the proxy."""
        if self.is_alive():
            assert self.pid is not None
            os.kill(self.pid, signal.SIGKILL)

    def is_alive(self) -> bool:
        """Whether the controller's process runs."""
        return self.pid is not None and is_alive(self.pid)

    def log(self) -> str:
        """What all controllers of this arena have logged."""
        return (self._folder / "controller.log").read_text(errors="replace")

    def is_healthy(self) -> bool:
        """What the liveness probe answers."""
        with contextlib.suppress(OSError):
            url = f"http://127.0.0.1:{self._health}/healthz"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        return False

    def metrics(self) -> str:
        """What Prometheus would read."""
        url = f"http://127.0.0.1:{self._metrics}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    # -- objects ---------------------------------------------------------------------------------

    def put_job(self, name: str = "job", **spec: Any) -> None:
        """Create a job that runs, or change its spec."""
        path = f"{_JOBS}/namespaces/{self.namespace}/programuserinfojobs/{name}"
        if self.api.get(path) is None:
            self.apply_job(BASE | spec, name)
        else:
            self.api.merge(path, {"spec": spec})

    def apply_job(self, spec: Object, name: str = "job", **metadata: Any) -> None:
        """Apply a job with this spec and no other field."""
        path = f"{_JOBS}/namespaces/{self.namespace}/programuserinfojobs/{name}"
        body = {
            "apiVersion": "lern.sunbird.org/v1alpha1",
            "kind": "ProgramUserInfoJob",
            "metadata": {"name": name, **metadata},
            "spec": spec,
        }
        self.api.apply(path, body)

    def job(self, name: str = "job") -> Object:
        """The live job."""
        path = f"{_JOBS}/namespaces/{self.namespace}/programuserinfojobs/{name}"
        found: Object = self.api.get(path) or {}
        return found

    def delete_job(self, name: str = "job") -> None:
        """Delete it."""
        self.api.delete(f"{_JOBS}/namespaces/{self.namespace}/programuserinfojobs/{name}")

    def deployment_path(self, name: str = "job") -> str:
        """Of the FlinkDeployment."""
        return f"{_FLINK}/namespaces/{self.namespace}/flinkdeployments/{name}"

    def deployment(self, name: str = "job") -> Object:
        """The live FlinkDeployment of a job that is upgraded in place."""
        found: Object = self.api.get(self.deployment_path(name)) or {}
        return found

    def has_nonce(self, nonce: int, name: str = "job") -> bool:
        """Whether this `restartNonce` is in the FlinkDeployment."""
        return bool(self.deployment(name)["spec"]["restartNonce"] == nonce)

    def deployments(self, job: str = "job") -> list[Object]:
        """All FlinkDeployments of a job."""
        path = f"{self.deployment_path('').rstrip('/')}?labelSelector=lern.sunbird.org/job={job}"
        found: list[Object] = self.api.send("GET", path)["items"]
        return found

    def config_maps(self, job: str | None = None) -> list[Object]:
        """The ConfigMaps of one job, or of all."""
        selector = "lern.sunbird.org/job" + (f"={job}" if job else "")
        path = f"/api/v1/namespaces/{self.namespace}/configmaps?labelSelector={selector}"
        found: list[Object] = self.api.send("GET", path)["items"]
        return found

    def put_profile(self, **profiles: Object) -> None:
        """The profiles' ConfigMap."""
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/environments"
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": "environments",
                "labels": {"app.kubernetes.io/part-of": "program-user-info"},
            },
            "data": {name: yaml.safe_dump(each) for name, each in profiles.items()},
        }
        self.api.apply(path, body)

    def state(self, name: str = "job") -> tuple[str, str, str]:
        """The true condition, its reason, and the outcome of the newest revision."""
        status = self.job(name).get("status") or {}
        true = [each for each in status.get("conditions") or [] if each["status"] == "True"]
        outcome = (status.get("revisions") or [{}])[-1].get("outcome", "")
        return (true[0]["type"], true[0]["reason"], outcome) if true else ("", "", outcome)

    def is_settled(self, name: str = "job") -> bool:
        """Whether the current generation is done with, for better or worse."""
        job = self.job(name)
        if (job.get("status") or {}).get("observedGeneration") != job["metadata"]["generation"]:
            return False
        return self.state(name) in (
            ("Ready", "Running", "Stable"),
            ("Ready", "Suspended", "Pending"),
            ("Ready", "Suspended", "Stable"),
            ("Stalled", "UpgradeRolledBack", "RolledBack"),
        )

    def settled(self, name: str = "job", timeout: float = 60) -> None:
        """Wait for that."""
        what = f"{name} is settled"
        try:
            eventually(lambda: self.is_settled(name), what, timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.state(name)}\n{self.log()[-3000:]}") from error

    def _objects(self) -> list[Object]:
        """All objects that the controller makes, and the jobs."""
        jobs = f"{_JOBS}/namespaces/{self.namespace}/programuserinfojobs"
        deployments = f"{_FLINK}/namespaces/{self.namespace}/flinkdeployments"
        return [
            *self.api.send("GET", jobs)["items"],
            *self.api.send("GET", deployments)["items"],
            *self.config_maps(),
        ]

    def snapshot(self) -> Object:
        """All of them, without what differs from run to run."""
        return {
            f"{each.get('kind', 'ConfigMap')}/{each['metadata']['name']}": without(each, _PASSING)
            for each in self._objects()
        }

    def portable_snapshot(self) -> Object:
        """The same, as it would be in any other arena.

        The namespace is in each line that a job logs, so in its configuration and in the hash.
        """
        objects = self.snapshot()
        text = json.dumps(objects).replace(self.namespace, "arena")
        revisions = objects.get("ProgramUserInfoJob/job", {}).get("status", {}).get("revisions", [])
        for number, revision in enumerate(revisions):
            text = text.replace(overlapping_name("job", revision["hash"]), f"deployment-{number}")
            text = text.replace(revision["hash"], f"hash-{number}")
        found: Object = json.loads(text)
        return found

    def versions(self) -> dict[str, str]:
        """Resource versions of the same objects."""
        found = [each["metadata"] for each in self._objects()]
        return {each["uid"]: each["resourceVersion"] for each in found}

    def at_rest(self) -> None:
        """Wait until the controller has nothing more to write."""
        eventually(lambda: self.quiet_for(1.5), "the controller is at rest")

    def quiet_for(self, seconds: float) -> bool:
        """Whether the controller has written nothing for so long."""
        before, deadline = self.proxy.writes, time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.proxy.writes != before:
                return False
            time.sleep(0.1)
        return True


_PASSING = {
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "managedFields",
    "namespace",
    "started",
    "lastTransitionTime",
    "stoppedSince",
    "runningSince",
    "since",
    "lastCheckpoint",
    # A hash over the owner's uid among others.
    "lern.sunbird.org/desired-hash",
}
