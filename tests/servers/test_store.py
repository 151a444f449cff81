"""The write stage on a real Cassandra."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from cassandra import ReadFailure
from cassandra.cluster import Session
from cassandra.query import SimpleStatement
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.cluster.demo.world import NAMESPACE
from dev.cluster.forward import port_forward
from program_user_info_job.config.model import Config, Writes
from program_user_info_job.event.rejection import Reason, Rejection
from program_user_info_job.failure import FailureReason
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.layout import FLAT, KEY
from program_user_info_job.store.driver_errors import CassandraNotReady
from program_user_info_job.store.in_flight import WriteGaveUp
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.schema_preparation import prepare_schema
from program_user_info_job.store.session import open_session
from program_user_info_job.store.writer import Writer
from tests.configuration import document
from tests.servers.own import own_keyspace

pytestmark = pytest.mark.cluster
KEYSPACE = "integration_programs"
TABLE = f"{KEYSPACE}.program_enrollment"
DEFAULT_PAGE = 5000
"""Rows in a page, where a reader does not tell its driver another number."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with port_forward("service/cassandra", NAMESPACE, 9042) as local:
        yield local


@pytest.fixture(scope="module")
def admin() -> Iterator[Session]:
    with own_keyspace(KEYSPACE) as session:
        yield session


def configuration(port: int, **cassandra: Any) -> Config:
    return msgspec.convert(document(f"127.0.0.1:{port}", KEYSPACE, cassandra=cassandra), Config)


@pytest.fixture
def write(
    stage: Callable[..., dict[int, Rejection]], port: int, admin: Session
) -> Callable[..., dict[int, Rejection]]:
    """Writes rows to an empty table; returns the rejections."""
    prepare_schema(configuration(port), create=True)
    admin.execute(f"TRUNCATE {TABLE}")
    return stage


@pytest.fixture(scope="module")
def stage(port: int, admin: Session) -> Iterator[Callable[..., dict[int, Rejection]]]:
    """The engine of the write stage on the table, whatever is in it."""
    config = configuration(port)
    prepare_schema(config, create=True)
    with open_session(config.cassandra, 10) as session:
        writer = Writer(session, config.cassandra, config.writes)

        def write_all(*rows: Row) -> dict[int, Rejection]:
            return writer.write(Indexed(number, row) for number, row in enumerate(rows))

        yield write_all


def row(stamp: int, user: str = "u", *, deletion: bool = False, **cells: Any) -> Row:
    return Row("p", user, cells, stamp, deletion)


def cells(admin: Session, *columns: str) -> tuple[Any, ...] | None:
    found = admin.execute(f"SELECT {', '.join(columns)} FROM {TABLE} WHERE program_id='p'").one()
    return None if found is None else tuple(found)


def test_untouched_columns_keep_value_and_time_and_cleared_ones_are_gone(
    write: Callable[..., dict[int, Rejection]], admin: Session
) -> None:
    write(row(1000, program_name="name", state_name="state", block_name="block"))
    write(row(2000, state_name=None, user_type="teacher"))
    columns = ("program_name", "state_name", "block_name", "user_type")
    assert cells(admin, *columns) == ("name", None, "block", "teacher")
    times = cells(admin, *(f"WRITETIME({column})" for column in columns))
    assert times == (1000, None, 1000, 2000)


def test_only_what_is_cleared_leaves_a_tombstone(
    write: Callable[..., dict[int, Rejection]], admin: Session
) -> None:
    def tombstones() -> int:
        result = admin.execute(f"SELECT * FROM {TABLE} WHERE program_id='p'", trace=True)
        trace = result.get_query_trace(max_wait_sec=30)
        told = [re.search(r"and (\d+) tombstone cells", each.description) for each in trace.events]
        return sum(int(found[1]) for found in told if found)

    write(row(1000, program_name="name", state_name="state"))
    write(row(2000, user_type="teacher"))
    assert tombstones() == 0
    write(row(3000, state_name=None, block_name=None))
    assert tombstones() == 2


def test_a_page_of_the_documented_size_is_read_where_the_drivers_own_fails(
    write: Callable[..., dict[int, Rejection]], admin: Session
) -> None:
    """5,000 rows of events that clear all they can: see docs/mapping.md, for readers."""
    clearable: dict[str, Any] = dict.fromkeys(
        name for name in FLAT.columns if name not in (*KEY, "pii_consent_required")
    )
    assert len(clearable) == 23
    written = clearable | {"pii_consent_required": False}
    rows = (Row("p", f"{n:04}", written, 1000) for n in range(DEFAULT_PAGE))
    assert write(*rows) == {}
    query = f"SELECT * FROM {TABLE} WHERE program_id='p'"
    found = admin.execute(SimpleStatement(query, fetch_size=1000))
    assert len(list(found)) == DEFAULT_PAGE
    with pytest.raises(ReadFailure):
        admin.execute(SimpleStatement(query, fetch_size=DEFAULT_PAGE))


COLUMNS = ("program_name", "state_name", "user_type", "user_sub_type")
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 2),  # the user
        st.integers(1, 6),  # the write timestamp
        st.dictionaries(st.sampled_from(COLUMNS), st.none() | st.sampled_from("abc")),
    ),
    max_size=14,
)


@settings(max_examples=60)
@given(events=EVENTS, order=st.randoms(use_true_random=False), size=st.integers(1, 5))
def test_in_any_order_and_any_batches_each_cell_has_its_newest_value(
    stage: Callable[..., dict[int, Rejection]],
    admin: Session,
    events: list[tuple[int, int, dict[str, str | None]]],
    order: random.Random,
    size: int,
) -> None:
    """Duplicates and late arrivals included; of one moment there is one event, as in a topic."""
    program = uuid.uuid4().hex
    known = {(user, stamp): cells for user, stamp, cells in events}
    rows = [Row(program, str(user), cells, stamp) for (user, stamp), cells in known.items()]
    arrivals = rows + [each for each in rows if order.random() < 0.5]
    order.shuffle(arrivals)
    while arrivals:
        batch, arrivals = arrivals[:size], arrivals[size:]
        assert stage(*batch) == {}

    fold: dict[str, dict[str, str | None]] = {}
    for each in sorted(rows, key=lambda each: each.write_timestamp):
        fold.setdefault(each.user_id, dict.fromkeys(COLUMNS)).update(each.cells)
    columns = ", ".join(COLUMNS)
    query = f"SELECT user_id, {columns} FROM {TABLE} WHERE program_id = %s"
    found = {
        each[0]: dict(zip(COLUMNS, each[1:], strict=True))
        for each in admin.execute(query, (program,))
    }
    # Whether a row without any value counts as one is nobody's business: consent is always there.
    assert with_values(found) == with_values(fold)


def with_values(rows: dict[str, dict[str, str | None]]) -> dict[str, dict[str, str | None]]:
    return {user: cells for user, cells in rows.items() if any(cells.values())}


@pytest.mark.parametrize("together", [True, False])
def test_an_older_event_never_overwrites_a_newer_row(
    write: Callable[..., dict[int, Rejection]], admin: Session, together: bool
) -> None:
    newer, older = row(2000, program_name="new"), row(1000, program_name="old", user_type="t")
    for rows in [(newer, older)] if together else [(newer,), (older,)]:
        assert write(*rows) == {}
    assert cells(admin, "program_name", "user_type") == ("new", "t")
    write(older)
    assert cells(admin, "program_name", "user_type") == ("new", "t")


def test_a_deletion_takes_what_is_older(
    write: Callable[..., dict[int, Rejection]], admin: Session
) -> None:
    write(row(1000, program_name="old"), row(2000, deletion=True), row(3000, user_type="t"))
    assert cells(admin, "program_name", "user_type") == (None, "t")
    write(row(4000, deletion=True))
    assert cells(admin, "user_type") is None


def test_a_refused_row_is_rejected_alone_without_its_batch(
    write: Callable[..., dict[int, Rejection]], admin: Session
) -> None:
    # Longer than a clustering key may be; the mapping would have caught it.
    rejections = write(
        row(1, "a", program_name="a"), row(1, "x" * 70_000), row(1, "b", program_name="b")
    )
    assert list(rejections) == [1]
    assert rejections[1] == (Reason.REFUSED_BY_CASSANDRA, "Invalid query, code 2200")
    programs = admin.execute(f"SELECT DISTINCT program_id FROM {TABLE}")
    assert {found.program_id for found in programs} == {"p"}  # and no probe
    names = admin.execute(f"SELECT program_name FROM {TABLE} WHERE program_id='p'")
    assert {found.program_name for found in names} == {"a", "b"}


def test_a_refusal_that_hits_every_row_fails_the_task(port: int, admin: Session) -> None:
    # 20 years, Cassandra's own limit; the moment is beyond what it can store by default.
    config = configuration(port, ttl=630_720_000)
    prepare_schema(config, create=True)
    with open_session(config.cassandra, 10) as session:
        writer = Writer(session, config.cassandra, config.writes)
        with pytest.raises(CassandraNotReady, match="maximum supported expiration date") as caught:
            writer.write([Indexed(0, row(1, program_name="personal"))])
    assert caught.value.reason is FailureReason.CASSANDRA_REFUSES_WRITES
    assert "personal" not in str(caught.value)


def test_thousands_of_rows_of_many_partitions(
    write: Callable[..., dict[int, Rejection]], admin: Session
) -> None:
    rows = [Row(f"p{n % 50}", f"u{n}", {"program_name": str(n)}, n) for n in range(5000)]
    assert write(*rows) == {}
    assert admin.execute(f"SELECT COUNT(*) FROM {TABLE}").one()[0] == 5000


def test_a_dropped_table_fails_the_task_rather_than_rejecting_its_events(
    write: Callable[..., dict[int, Rejection]], admin: Session
) -> None:
    admin.execute(f"DROP TABLE {TABLE}")
    with pytest.raises(CassandraNotReady, match="does not fit layout flat any more") as caught:
        write(row(1, program_name="x"))
    assert caught.value.reason is FailureReason.SCHEMA_MISMATCH


def test_an_unreachable_server_fails_the_task_in_bounded_time(port: int, admin: Session) -> None:
    with port_forward("service/cassandra", NAMESPACE, 9042) as local:
        config = configuration(local)
        prepare_schema(config, create=True)
        with ExitStack() as stack:
            session = stack.enter_context(open_session(config.cassandra, 2))
            limits = Writes(give_up_after=3, request_timeout=2)
            writer = Writer(session, config.cassandra, limits)
            with pytest.raises(WriteGaveUp, match="check that its nodes are up"):
                _cut_off_and_write(session, writer)


def _cut_off_and_write(session: Session, writer: Writer) -> None:
    for pool in list(session.get_pools()):
        pool.shutdown()
    session.cluster.scheduler.shutdown()
    writer.write([Indexed(0, row(1, program_name="x"))])


def test_a_table_that_does_not_fit_is_refused(port: int, admin: Session) -> None:
    prepare_schema(configuration(port), create=True)
    with pytest.raises(CassandraNotReady, match="user_locations map<text, text> is missing"):
        prepare_schema(configuration(port, layout="map"), create=False)
    prepare_schema(configuration(port, layout="map", table="mapped"), create=True)


def test_what_exists_is_not_created_again(
    port: int, admin: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that may write one table may create nothing, not even IF NOT EXISTS."""
    prepare_schema(configuration(port), create=True)

    def create(*_: object) -> str:
        raise AssertionError("nothing is missing")

    for name in ("create_keyspace", "create_table"):
        monkeypatch.setattr(f"program_user_info_job.store.schema_preparation.{name}", create)
    prepare_schema(configuration(port), create=True)
    with pytest.raises(CassandraNotReady, match=r"other does not exist; create it") as caught:
        prepare_schema(configuration(port, table="other"), create=False)
    assert caught.value.reason is FailureReason.SCHEMA_MISMATCH


def test_no_contact_point_answers() -> None:
    with pytest.raises(CassandraNotReady, match=r"no node answers at 127\.0\.0\.1:1 "):
        prepare_schema(configuration(1), create=True)
