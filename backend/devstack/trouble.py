"""What hinders a start (拦路的事): said in one Chinese sentence that names the next step."""


class CannotRun(Exception):
    """The stack cannot start, or cannot go on; the text is for the person at the terminal."""


class Interrupted(Exception):
    """Somebody asked for the end: Ctrl-C, SIGTERM, or a terminal that closed."""
