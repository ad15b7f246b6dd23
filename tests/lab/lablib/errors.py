# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong in the lab itself; a scenario's own findings are AssertionErrors."""


class LabError(Exception):
    """The lab could not do what it was asked to."""


class NodeDown(LabError):
    """The node was powered off or its kernel died."""


class LabTimeout(LabError):
    """Something did not happen in time."""


class CommandFailed(LabError):
    """A command in a node ended with a status other than 0."""
