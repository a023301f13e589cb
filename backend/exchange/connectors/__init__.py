"""Connectors (共享接口): one file per registry; each turns an outside answer into a checked one."""
