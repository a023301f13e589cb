"""Channels (渠道): what goes out of the house, and what an answer from outside means."""
