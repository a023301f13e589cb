"""Connectors (外接): the process that examines files, and the scanner that searches them."""
