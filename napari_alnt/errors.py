"""The one kind of error that is meant for the user's eyes."""


class AlntError(Exception):
    """A problem that the user can fix.

    The text is one sentence: what is wrong, where, why, and what to do.
    """


class ProjectLocked(AlntError):
    """Another window or command is writing to the project."""


class ChangedFile(AlntError):
    """A file is not what it was when it became part of the project."""


class ReadOnly(AlntError):
    """The project was opened, or lies on a disk, that cannot be written to."""


class NewerProject(ReadOnly):
    """The project was made by a newer napari-alnt; it can be looked at, and not be written to."""
