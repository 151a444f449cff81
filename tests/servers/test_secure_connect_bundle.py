"""A real Cassandra behind a metadata service and a proxy, as a database of DataStax Astra is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cassandra.connection import SniEndPoint

from dev.cluster.demo.world import NAMESPACE
from dev.cluster.forward import port_forward
from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason
from program_user_info_job.store.driver_errors import CassandraNotReady
from program_user_info_job.store.schema_preparation import prepare_schema
from program_user_info_job.store.session import open_session
from tests.astra import DATA_CENTRE, Astra
from tests.certificates import make_certificates
from tests.configuration import document
from tests.servers.own import own_keyspace

pytestmark = pytest.mark.cluster
KEYSPACE = "astra"
TABLE = f"{KEYSPACE}.program_enrollment"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Astra]:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder, "DNS:localhost")
    with (
        own_keyspace(KEYSPACE) as session,
        port_forward("service/cassandra", NAMESPACE, 9042) as port,
    ):
        local = session.execute("SELECT host_id, data_center FROM system.local").one()
        assert local.data_center == DATA_CENTRE
        astra = Astra(folder, "localhost", str(local.host_id), ("127.0.0.1", port))
        with astra.running():
            yield astra


def configure(folder: Path, **cassandra: object) -> Config:
    parts = document("c:1", KEYSPACE)
    fields = {"secureConnectBundleDir": str(folder), "keyspace": KEYSPACE, "verifyHostNames": True}
    return msgspec.convert(parts | {"cassandra": fields | cassandra}, Config)


def test_the_table_is_made_and_written_through_the_proxy(database: Astra, tmp_path: Path) -> None:
    """With all host names verified, and the data centre that the metadata service names."""
    config = configure(database.write_bundle(tmp_path))
    prepare_schema(config, create=True)
    with open_session(config.cassandra, 30) as session:
        insert = session.prepare(f"INSERT INTO {TABLE} (program_id, user_id) VALUES (?, ?)")
        session.execute(insert, ("p", "u"))
        (row,) = session.execute(f"SELECT program_id, user_id FROM {TABLE}")
        hosts = session.cluster.metadata.all_hosts()
    assert tuple(row) == ("p", "u")
    assert len(hosts) == 1
    assert all(isinstance(host.endpoint, SniEndPoint) for host in hosts)
    assert len(set(database.asked)) == 1


def test_a_bundle_of_another_database_names_the_field(database: Astra, tmp_path: Path) -> None:
    """The proxy knows no such node."""
    other = Astra(database.folder, "localhost", "00000000-0000-0000-0000-000000000000", ("", 0))
    with other.running():
        other.proxy_port = database.proxy_port
        config = configure(other.write_bundle(tmp_path))
        with pytest.raises(CassandraNotReady) as caught:
            prepare_schema(config, create=False)
    assert caught.value.reason is FailureReason.CASSANDRA_UNREACHABLE
    assert caught.value.message.startswith("cassandra.secureConnectBundle: ")
