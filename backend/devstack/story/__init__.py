"""The story (`make story`): the main job told over HTTP only, as the real clients would do it."""
