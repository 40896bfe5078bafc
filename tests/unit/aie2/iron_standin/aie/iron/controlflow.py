# SPDX-License-Identifier: LGPL-2.1-or-later
"""A loop on the core; here it runs."""
range_ = range
