"""A few verbs on a few kinds, over the official client. Reads are live, never from a cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from pydantic_core import PydanticSerializationError, to_json
from urllib3.exceptions import HTTPError

from program_user_info_operator import metrics
from program_user_info_operator.api import names
from program_user_info_operator.cluster.short_answer import read_short_answer
from program_user_info_operator.json_text import read_json

Object = dict[str, Any]

_APPLY = "application/apply-patch+yaml"
_JSON = "application/json"
_METADATA_LIST = f"{_JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_POD_SECONDS = 3.0
_LOG_BYTES = 256 << 10
# An object is not there; of a kind that is not there, no `Status` tells.
_NOT_FOUND = "NotFound"
# Said with status 500 of an applied object in which a value is of another kind than its schema's.
_UNTYPED = "failed to create typed patch object"
# Said with status 500 of an object that is too large for etcd, or for the way there.
_CONTENT = (_UNTYPED, "request is too large", "larger than max")
# Said with status 500 where an admission webhook that must be asked gives no answer.
_UNASKED = "failed calling webhook"


@dataclass(frozen=True)
class Kind:
    """A kind's place in the API."""

    api_version: str
    plural: str
    name: str

    def path(self, namespace: str | None, name: str = "", subresource: str = "") -> str:
        """The URL path of the collection, an object, or a subresource of it."""
        prefix = "/apis" if "/" in self.api_version else "/api"
        scope = ("namespaces", namespace) if namespace else ()
        parts = (prefix, self.api_version, *scope, self.plural, name, subresource)
        return "/".join(part for part in parts if part)


JOB = Kind(names.API_VERSION, names.PLURAL, names.KIND)
FLINK_DEPLOYMENT = Kind(names.FLINK_API_VERSION, "flinkdeployments", names.FLINK_KIND)
FLINK_STATE_SNAPSHOT = Kind(
    names.FLINK_API_VERSION, "flinkstatesnapshots", names.FLINK_SNAPSHOT_KIND
)
CONFIG_MAP = Kind("v1", "configmaps", "ConfigMap")
EVENT = Kind("v1", "events", "Event")
SECRET = Kind("v1", "secrets", "Secret")
POD = Kind("v1", "pods", "Pod")
SERVICE = Kind("v1", "services", "Service")
LEASE = Kind("coordination.k8s.io/v1", "leases", "Lease")
CRD = Kind("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition")
_APPLIED = {kind.name: kind for kind in (JOB, FLINK_DEPLOYMENT, CONFIG_MAP)}


class ApiError(Exception):
    """The API server refused, or could not be reached (`status` 0).

    `reason` is the API server's own word for it; of a path that it does not serve it says none.
    """

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(f"{status}: {message}" if status else message)
        self.status = status
        self.message = message
        self.reason = reason

    @property
    def is_refusal(self) -> bool:
        """Whether the same request would be refused again: its content is at fault."""
        return self.status in (400, 413, 422) or any(each in self.message for each in _CONTENT)

    @property
    def is_of_webhook(self) -> bool:
        """Whether an admission webhook that must be asked did not answer."""
        return _UNASKED in self.message


class ApiServer:
    """The API server as the controller sees it. Safe to use from several threads."""

    def __init__(
        self,
        connections: int = 8,
        timeout: float = 30.0,
        on_applied: Callable[[Kind, Object], object] = lambda *_: None,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        """Connect as the pod's service account, else as the kubeconfig says.

        `timeout`, in seconds, is how long an answer may take. `on_applied` hears of each object as
        it is after it was applied. `may_write` is asked right before each write. Raises `ApiError`
        where there is neither.
        """
        try:
            config.load_incluster_config()
        except config.ConfigException:
            try:
                config.load_kube_config()
            except config.ConfigException as error:
                raise ApiError(0, f"no cluster is configured: {error}; set KUBECONFIG") from error
        configuration = client.Configuration.get_default_copy()
        configuration.connection_pool_maxsize = connections
        configuration.retries = 0  # the queue retries, with back-off, metrics and log lines
        self._client = client.ApiClient(configuration)
        self._timeout = timeout
        self._on_applied = on_applied
        self._may_write = may_write

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        """The object, or None. A kind that is not installed raises `ApiError` 404."""
        try:
            return self._request("GET", kind.path(namespace, name))
        except ApiError as error:
            if error.status == 404 and error.reason == _NOT_FOUND:
                return None
            raise

    def list_objects(
        self,
        kind: Kind,
        namespace: str | None,
        selector: str = "",
        *,
        fields: str = "",
        explains: bool = False,
    ) -> list[Object]:
        """All objects that the selectors match, in one namespace or in all.

        What only `explains` something has to come soon.
        """
        query, path = _selectors(selector, fields), kind.path(namespace)
        timeout = min(self._timeout, _POD_SECONDS) if explains else None
        items: list[Object] = self._request("GET", path, query=query, timeout=timeout)["items"]
        # A list names the kind of its items once, an object of its own each time.
        return [{"apiVersion": kind.api_version, "kind": kind.name} | item for item in items]

    def of_job(self, kind: Kind, namespace: str, job: str) -> list[Object]:
        """The objects that are the job's by their label."""
        return self.list_objects(kind, namespace, f"{names.LABEL_JOB}={job}")

    def list_metadata(
        self, kind: Kind, namespace: str | None, selector: str = ""
    ) -> tuple[list[Object], int]:
        """`metadata` of all objects that the label selector matches, and the list's own version.

        Nothing else of them is transferred.
        """
        query = _selectors(selector, "")
        path = kind.path(namespace)
        answer = self._request("GET", path, query=query, accept=_METADATA_LIST)
        version = int(answer["metadata"]["resourceVersion"])
        return [item["metadata"] for item in answer["items"] or []], version

    def apply(
        self,
        desired: Mapping[str, Any],
        *,
        subresource: str = "",
        dry_run: bool = False,
        resource_version: str | None = None,
    ) -> Object:
        """Server-side apply with our field manager; takes fields over from others.

        With `resource_version`, only onto that very version: `ApiError` 409 otherwise. With
        `dry_run` nothing is stored: the answer is what would be.
        """
        metadata = desired["metadata"]
        kind = _APPLIED[desired["kind"]]
        path = kind.path(metadata["namespace"], metadata["name"], subresource)
        query = [("fieldManager", names.FIELD_MANAGER), ("force", "true")]
        query += [("dryRun", "All")] if dry_run else []
        body = dict(desired)
        if resource_version is not None:
            body["metadata"] = metadata | {"resourceVersion": resource_version}
        try:
            text = to_json(body)  # as bytes, which the client takes as they are
        except PydanticSerializationError as error:
            said = f"the {desired['kind']} cannot be written as JSON: {error}"
            raise ApiError(400, said) from error
        applied = self._request("PATCH", path, query=query, body=text, content_type=_APPLY)
        if not dry_run:
            self._on_applied(kind, applied)
        return applied

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any]) -> None:
        """Create an object."""
        self._request("POST", kind.path(namespace), body=body)

    def replace(self, kind: Kind, body: Mapping[str, Any]) -> None:
        """Replace an object of the version that `body` names."""
        metadata = body["metadata"]
        self._request("PUT", kind.path(metadata["namespace"], metadata["name"]), body=body)

    def read_log(self, namespace: str, pod: str, *, lines: int, previous: bool = False) -> str:
        """The end of the log of a pod's first container; empty while it has none.

        `previous`: of the container before it, which has ended.
        """
        query = [("tailLines", str(lines)), ("limitBytes", str(_LOG_BYTES))]
        query += [("previous", "true")] if previous else []
        return self._text(POD.path(namespace, pod, "log"), query)

    def get_from_service(
        self, namespace: str, service: str, path: str, query: Mapping[str, str]
    ) -> str:
        """What a service (`name:port`) answers soon, by the API server's proxy; else nothing."""
        return self._text(SERVICE.path(namespace, service, f"proxy/{path}"), list(query.items()))

    def _text(self, path: str, query: list[tuple[str, str]]) -> str:
        """From a pod or service, by the API server: one that hangs must not be in anybody's way."""
        timeout = min(self._timeout, _POD_SECONDS)
        try:
            data = self._send(
                "GET", path, query=query, accept="*/*", timeout=timeout, is_others=True
            )
        except ApiError:
            return ""
        return data.decode(errors="replace")

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Delete an object; one that is gone already is fine."""
        try:
            self._request("DELETE", kind.path(namespace, name))
        except ApiError as error:
            if error.status != 404:
                raise

    def _request(self, method: str, path: str, **options: Any) -> Object:
        """`options` as `_send` takes them."""
        data = self._send(method, path, **options)
        try:
            document: Object = read_json(data)
        except ValueError as error:
            raise ApiError(0, "the API server's answer is not JSON") from error
        return document

    def _send(  # noqa: PLR0913 - what an HTTP request consists of
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Mapping[str, Any] | bytes | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
        timeout: float | None = None,
        is_others: bool = False,
    ) -> bytes:
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            # Reads the token again from its file when it is due.
            request = self._client.param_serialize(
                method=method,
                resource_path=path,
                query_params=query or [],
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            if method != "GET" and not self._may_write():
                raise ApiError(0, "this process is not the leader any more")
            response = self._client.call_api(*request, _request_timeout=timeout or self._timeout)
            raw = response.response
            data: bytes = read_short_answer(raw, _POD_SECONDS) if is_others else response.read()
        except (HTTPError, ApiException, OSError, config.ConfigException) as error:
            metrics.API_REQUESTS.labels(method, "none").inc()
            said = f"the API server cannot be reached: {type(error).__name__}"
            raise ApiError(0, said) from error
        metrics.API_REQUESTS.labels(method, str(response.status)).inc()
        if not 200 <= response.status < 300:
            raise _error(response.status, data)
        return data


def _selectors(labels: str, fields: str) -> list[tuple[str, str]]:
    query = [("labelSelector", labels), ("fieldSelector", fields)]
    return [(name, value) for name, value in query if value]


def _error(code: int, data: bytes) -> ApiError:
    """What a `Status` object says, without its boilerplate; else the text that there is."""
    try:
        status = read_json(data)
        return ApiError(code, str(status["message"]), str(status.get("reason", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ApiError(code, data.decode(errors="replace")[:200])
