"""A broker that takes OAUTHBEARER alone, and the service that its clients get their tokens from."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from dev.cluster.forward import free_port
from dev.cluster.processes import end
from dev.cluster.toolchain.jars import fetch_jars
from dev.paths import DEV
from dev.steps import run, tail
from tests.cluster import eventually

CLIENT, SECRET, SCOPE = "reader", "right-secret", "kafka"
AUDIENCE, ISSUER = "kafka-brokers", "https://login.test"
_IMAGE = DEV / "release" / "images" / "kafka"


class TokenService:
    """Signed tokens for one client, by the grant `client_credentials`; the key to check them."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.audience = AUDIENCE
        """Whom the tokens are for."""
        self.scopes: list[str] = []
        """What clients asked for."""
        self.url = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        """On a port of this machine."""
        service = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(200, service.keys())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._send(*service.token(self.headers["Authorization"] or "", parse_qs(body)))

            def _send(self, status: int, document: object) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: the test's output is for the test."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            yield
            server.shutdown()

    def token(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, object]:
        """Status and body of the answer to a client (RFC 6749, 4.4 and 5.2)."""
        if form.get("grant_type") != ["client_credentials"]:
            return 400, {"error": "unsupported_grant_type"}
        given = b64decode(authorization.removeprefix("Basic ")).decode()
        if given != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client"}
        self.scopes += form.get("scope", [])
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": self.audience,
            "sub": CLIENT,
            "scope": SCOPE,
            "iat": now,
            "exp": now + 300,
        }
        return 200, {"access_token": self._sign(claims), "token_type": "Bearer", "expires_in": 300}

    def keys(self) -> object:
        """The public key as a JSON Web Key Set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "kid": "test",
            "use": "sig",
            "alg": "RS256",
            "n": _base64(numbers.n.to_bytes(256, "big")),
            "e": _base64(numbers.e.to_bytes(3, "big")),
        }
        return {"keys": [key]}

    def _sign(self, claims: dict[str, object]) -> str:
        head = {"alg": "RS256", "kid": "test", "typ": "JWT"}
        text = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_base64(signature)}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def oauth_broker(tokens: TokenService, folder: Path) -> Iterator[int]:
    """A broker on this machine; the port that takes OAUTHBEARER. Ended afterwards."""
    client, local, controller = free_port(), free_port(), free_port()
    module = "org.apache.kafka.common.security.oauthbearer"
    own = f"""
listeners=LOCAL://127.0.0.1:{local},CLIENT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=LOCAL://127.0.0.1:{local},CLIENT://127.0.0.1:{client}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,LOCAL:PLAINTEXT,CLIENT:SASL_PLAINTEXT
inter.broker.listener.name=LOCAL
controller.quorum.voters=1@127.0.0.1:{controller}
log.dirs={folder / "data"}
listener.name.client.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.client.oauthbearer.sasl.jaas.config={module}.OAuthBearerLoginModule required;
listener.name.client.oauthbearer.sasl.server.callback.handler.class=\\
  {module}.OAuthBearerValidatorCallbackHandler
sasl.oauthbearer.jwks.endpoint.url={tokens.url}/keys
sasl.oauthbearer.expected.audience={AUDIENCE}
sasl.oauthbearer.expected.issuer={ISSUER}
"""
    properties = folder / "server.properties"
    properties.write_text((_IMAGE / "server.properties").read_text() + own)
    jars = fetch_jars("kafka", _IMAGE / "pom.xml")
    java = (
        *("java", f"-Dlog4j.configuration=file:{_IMAGE / 'log4j.properties'}"),
        f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={tokens.url}/keys",
        *("-Xmx384m", "-cp", f"{jars}/*"),
    )
    cluster_id = ("--cluster-id", "EjRWeBI0QjSCNBI0VniavA")
    format_ = ("kafka.tools.StorageTool", "format", *cluster_id, "--config", properties)
    run([*java, *format_], folder / "format.log")
    log = folder / "broker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*java, "kafka.Kafka", str(properties)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{local}", "log_level": "0"})

        def answers() -> bool:
            assert process.poll() is None, tail(log)
            try:
                return bool(admin.list_topics(timeout=2).brokers)
            except KafkaException:
                return False

        eventually(answers, "the broker answers", 120)
        yield client
    finally:
        end(process)
