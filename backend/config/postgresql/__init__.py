"""Django's own PostgreSQL backend (数据库引擎), with one thing read faster; see `base`."""
