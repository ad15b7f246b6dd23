# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark (scripts/bench): what is compared, what is done with it, and how the figures are shown."""
