"""The images as they are built: what is in them is what the SBOM names, and it runs."""

from __future__ import annotations

import pytest

from dev import versions
from dev.release import supply_chain
from dev.release.images.catalogue import job_images, product_images
from tests.cluster import Namespace, eventually

pytestmark = pytest.mark.cluster

_LIST = """
import importlib.metadata, pathlib, re
site = "/opt/venv/lib/python3.11/site-packages"
for found in importlib.metadata.distributions(path=[site]):
    print("pypi", re.sub("[-_.]+", "-", found.name).lower(), found.version)
for jar in pathlib.Path(site).glob("pyflink/*/**/*.jar"):
    print("jar", jar.name)
"""


def said(namespace: Namespace, reference: str, *command: str) -> list[str]:
    """What a command says in a pod of this image, line by line."""
    options = (f"--image={reference}", "--image-pull-policy=IfNotPresent", "--restart=Never")
    namespace.run("run", "look", *options, "--command", "--", *command)

    def has_ended() -> bool:
        pod = namespace.get("pod", "look") or {}
        return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")

    eventually(has_ended, f"{command[0]} has ended in {reference}", timeout=180)
    return namespace.run("logs", "look").splitlines()


@pytest.mark.parametrize("name", product_images())
def test_an_image_holds_what_the_lock_file_and_the_pom_name(
    namespace: Namespace, name: str
) -> None:
    document = dict(supply_chain.documents())[name]
    lines = said(namespace, product_images()[name].reference, "python3", "-c", _LIST)
    listed, jars = set(), set()
    for each in document["components"]:
        if each["purl"].startswith("pkg:pypi"):
            listed.add(f"pypi {each['name']} {each['version']}")
        else:
            jars.add(f"jar {each['name']}-{each['version']}.jar")
    assert {line for line in lines if line.startswith("pypi")} == listed
    assert jars <= set(lines)


@pytest.mark.parametrize("line", versions.FLINK_LINES)
def test_a_jobs_image_runs_the_flink_that_its_tag_says(namespace: Namespace, line: str) -> None:
    image = job_images()[line]
    assert image.tag.endswith(f"-flink{line}")
    lines = said(namespace, image.reference, "flink", "--version")
    assert [each for each in lines if each.startswith(f"Version: {line}.")]


@pytest.mark.parametrize("name", [name for name in product_images() if name.startswith("job")])
def test_a_jobs_image_holds_its_compiled_part_and_no_compiler(
    namespace: Namespace, name: str
) -> None:
    document = dict(supply_chain.documents())[name]
    (compiled,) = document["metadata"]["component"]["components"]
    script = f"ls /opt/program-user-info-job/{compiled['name']}; command -v cc gcc || echo none"
    lines = said(namespace, product_images()[name].reference, "sh", "-c", script)
    assert lines == [f"/opt/program-user-info-job/{compiled['name']}", "none"]


_FREED = """
import re, threading
from program_user_info_job.pipeline.freed_memory import manage_freed_memory
manage_freed_memory(15_000)
def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1])
before, turns, over = resident(), threading.Lock(), threading.Event()
def use():
    with turns:
        bytearray(b"x") * (24 << 20)
    over.wait()
threads = [threading.Thread(target=use) for _ in range(12)]
for thread in threads:
    thread.start()
with turns:
    pass
over.set()
for thread in threads:
    thread.join()
print((resident() - before) // (24 << 10))
"""


@pytest.mark.parametrize("line", versions.FLINK_LINES)
def test_what_a_thread_frees_is_there_for_the_others(namespace: Namespace, line: str) -> None:
    """Buffers of a call's size are with another of gRPC's threads each time."""
    (kept,) = said(namespace, job_images()[line].reference, "python3", "-c", _FREED)
    assert int(kept) <= 3
