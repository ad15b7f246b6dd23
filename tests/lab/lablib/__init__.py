# SPDX-License-Identifier: GPL-2.0-or-later
"""A cluster of real kernels (User-Mode Linux) on one machine, and the scenarios that run on it."""
