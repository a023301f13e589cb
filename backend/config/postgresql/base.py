"""
The database engine (数据库引擎): Django's, but moments are read in C.

A page of twenty cases holds some forty of them, and the driver reads each by a regular expression.
Every connection speaks ISO and UTC, as Django sets it, so the standard library can read them.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.types.datetime import TimestamptzLoader


class QuickMoment(TimestamptzLoader):
    timezone = UTC  # Django compares it with the zone a cursor should have

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:  # infinity, or a year before Christ
            return super().load(data)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        connection: Connection = super().get_new_connection(conn_params)
        if self.timezone == UTC:
            connection.adapters.register_loader("timestamptz", QuickMoment)
        return connection
