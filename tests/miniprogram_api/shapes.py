"""Rows are held against the schema their serializer declares."""

from typing import Any

from rest_framework import serializers


def assert_holds(shape: type[serializers.Serializer], row: dict[str, Any]) -> None:
    """The JSON row has exactly the declared fields, each of the declared type, all the way down."""
    _same_fields(shape(), row, shape.__name__)
    reader = shape(data=row)
    assert reader.is_valid(), reader.errors


def _same_fields(shape: serializers.BaseSerializer, row: Any, where: str) -> None:
    if isinstance(shape, serializers.ListSerializer):
        for one in row:
            _same_fields(shape.child, one, where)
        return
    assert set(row) == set(shape.fields), where
    for name, field in shape.fields.items():
        if isinstance(field, serializers.BaseSerializer) and row[name] is not None:
            _same_fields(field, row[name], f"{where}.{name}")
