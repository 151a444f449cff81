"""Commands that send events and read dead letters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from program_user_info_job.cli.arguments import ConfigFile, EventsFile, fail, load, open_events
from program_user_info_job.event.rejection import Reason


def produce(config: ConfigFile, events: EventsFile = None) -> None:
    """Send events to the input topic, each line unchanged."""
    from program_user_info_job.kafka.produce import ProduceError, send

    loaded = load(config)
    try:
        with open_events(events) as lines:
            count = send(loaded.kafka, (line.rstrip(b"\r\n") for line in lines))
    except ProduceError as error:
        fail(str(error))
    typer.echo(f"{count} events sent to {loaded.kafka.topic}", err=True)


def replay(
    config: ConfigFile,
    reason: Annotated[
        list[Reason] | None, typer.Option(help="Only this reason; can be repeated. Default: all.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only events sent at or after this UTC time.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="Only events sent before this UTC time.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help="Send at most this many events. The next replay continues after them."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="Send to this topic, and move the position as well. Default: the topic that each"
            " came from."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Start from the first dead letter.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count, send nothing.")] = False,
) -> None:
    """Send dead-lettered events back to the input topic that they came from, once each.

    Continues where the last replay without --reason, --since, --until and --dry-run ended.
    """
    from program_user_info_job.kafka.dead_letters import DeadLettersUnreadable
    from program_user_info_job.kafka.produce import ProduceError
    from program_user_info_job.kafka.replay import Replay, Selection
    from program_user_info_job.kafka.replay import replay as send_back

    loaded = load(config)
    selection = Selection(frozenset(reason or Reason), _utc(since), _utc(until))
    how = Replay(selection, not everything, limit, to, dry_run)
    try:
        counts = send_back(loaded.kafka, how)
    except (ProduceError, DeadLettersUnreadable) as error:
        fail(str(error))
    for each, count in sorted(counts.items()):
        typer.echo(f"{each} {count}")
    verb = "would be sent" if dry_run else "sent"
    target = to or ", ".join(loaded.kafka.topics)
    typer.echo(f"{counts.total()} events {verb} to {target}", err=True)


def dead_letters(
    config: ConfigFile,
    peek: Annotated[
        int | None, typer.Option(min=1, help="Show place, reason and detail of the first N.")
    ] = None,
) -> None:
    """Count dead letters by reason, source topic and day, or show some; never a payload.

    An event counts once, however often it was rejected.
    """
    from program_user_info_job.kafka.dead_letter_counts import count_events, first_events
    from program_user_info_job.kafka.dead_letters import DeadLettersUnreadable

    kafka = load(config).kafka
    try:
        if peek is not None:
            for each in first_events(kafka, peek):
                place = "/".join(each.source)
                typer.echo(f"{place} {each.moment.isoformat()} {each.reason} {each.detail}")
            return
        counts = count_events(kafka)
    except DeadLettersUnreadable as error:
        fail(str(error))
    for (reason, topic, day), count in sorted(counts.events.items()):
        typer.echo(f"{reason} {topic} {day} {count}")
    again = counts.repetitions
    repeated = f", {again} of its records are repetitions" if again else ""
    typer.echo(f"{counts.events.total()} events in {kafka.dead_letter_topic}{repeated}", err=True)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
